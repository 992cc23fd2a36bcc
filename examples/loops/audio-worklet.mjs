/**
 * An audio effect that learns a device from what goes in and comes out of it: blocks of 128 samples, as an AudioWorklet gets
 * them. The network reads and writes the engine's memory, so that the audio thread never waits for a garbage collector.
 * Run by `node examples/loops/audio-worklet.mjs`; in a page, `audioContext.audioWorklet.addModule` loads it bundled.
 */
import { adam, compile, dense, meanSquaredError, sequential } from "wasmgrad";

/** Samples that one output sample depends on, and samples of a block. */
const TAPS = 24;
const BLOCK = 128;
const RATE = 48_000;

const { AudioWorkletProcessor = class {}, registerProcessor } = globalThis;

/** Plays input 0 through the network. While input 1 has the device's own sound, the network learns to sound like it. */
export class LearnedDevice extends AudioWorkletProcessor {
  // Kernels compile at once and synchronously, so a worklet needs neither fetch nor await.
  trainer = compile(sequential({ input: [TAPS], seed: 1 }, [dense(16, { activation: "tanh" }), dense(1)]), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.002 }),
    batchSize: BLOCK,
  });
  buffers = this.trainer.buffers;
  /** The last samples of the block before, then the block. */
  recent = new Float32Array(TAPS - 1 + BLOCK);
  error = 0;

  process([[dry], [device]], [[wet]]) {
    const { trainer, recent } = this;
    const { x, out, step } = this.buffers;
    recent.copyWithin(0, BLOCK);
    recent.set(dry, TAPS - 1);
    const rows = device ? step.x : x;
    for (let i = 0; i < BLOCK; i++) for (let j = 0; j < TAPS; j++) rows[i * TAPS + j] = recent[i + j];
    if (device) {
      step.y.set(device);
      trainer.stepBuffers(BLOCK);
      this.error = step.loss[0];
      wet.set(device);
    } else {
      trainer.run(BLOCK);
      wet.set(out);
    }
    return true;
  }
}

if (registerProcessor) registerProcessor("learned-device", LearnedDevice);
else rehearse();

/** In Node: a distortion with an echo plays the device. */
function rehearse() {
  const effect = new LearnedDevice();
  const [dry, device, wet] = [0, 1, 2].map(() => new Float32Array(BLOCK));
  const learning = [[dry], [device]];
  const playing = [[dry], []];
  const output = [[wet]];
  const played = new Float32Array(8);
  let time = 0;
  const nextBlock = () => {
    for (let i = 0; i < BLOCK; i++, time++) {
      const t = time / RATE;
      const sample =
        0.6 * Math.sin(2 * Math.PI * 220 * t * (1 + (t % 1))) + 0.4 * Math.sin(2 * Math.PI * 1310 * t);
      dry[i] = sample;
      const driven = 3 * sample + played[time % 8];
      device[i] = driven / (1 + Math.abs(driven));
      played[time % 8] = sample;
    }
  };
  const decibels = (power) => `${(10 * Math.log10(power)).toFixed(1)} dB`;

  nextBlock();
  effect.process(learning, output);
  console.log(`error of the untrained network: ${decibels(effect.error)}`);
  for (let block = 1; block < (4 * RATE) / BLOCK; block++) {
    nextBlock();
    effect.process(learning, output);
  }
  let power = 0;
  let milliseconds = 0;
  const blocks = RATE / BLOCK;
  for (let block = 0; block < blocks; block++) {
    nextBlock();
    const start = performance.now();
    effect.process(playing, output);
    milliseconds += performance.now() - start;
    for (let i = 0; i < BLOCK; i++) power += (wet[i] - device[i]) ** 2 / (blocks * BLOCK);
  }
  console.log(`error after four seconds of listening: ${decibels(power)}`);
  console.log(
    `a block takes ${(milliseconds / blocks).toFixed(3)} ms of the ${((1000 * BLOCK) / RATE).toFixed(2)} ms it lasts`,
  );
}
