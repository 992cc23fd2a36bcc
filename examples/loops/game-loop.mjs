/**
 * A goalkeeper that learns while the game runs: in each frame a prediction, after each shot an update. Observations are
 * written where the network reads them, so that a frame makes no garbage. Run by `node examples/loops/game-loop.mjs`.
 */
import { adam, compile, dense, meanSquaredError, sequential } from "wasmgrad";

/** Most frames of a flight: each becomes a row of the update. */
const FRAMES = 32;
const OBSERVED = 4;
/** How far the keeper moves in a frame, and reaches. */
const SPEED = 0.06;
const REACH = 0.12;

const trainer = compile(
  sequential({ input: [OBSERVED], seed: 1 }, [
    dense(32, { activation: "tanh" }),
    dense(32, { activation: "tanh" }),
    dense(1),
  ]),
  { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.005 }), batchSize: FRAMES },
);
const { x: seen, out: guess, step } = trainer.buffers;

let seed = 1;
/** A number in [0, 1): the same in every run. */
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}

/** One shot across the field, off its walls at heights -1 and 1. Returns whether the keeper held it. */
function shoot() {
  let distance = 1;
  let height = random() - 0.5;
  let climb = (random() - 0.5) * 0.12;
  const speed = 1 / (16 + 16 * random());
  let keeper = 0;
  let frame = 0;
  for (; distance > 0 && frame < FRAMES; frame++) {
    seen[0] = distance;
    seen[1] = height;
    seen[2] = speed * 16;
    seen[3] = climb * 10;
    trainer.run(1);
    keeper += Math.min(SPEED, Math.max(-SPEED, guess[0] - keeper));
    for (let i = 0; i < OBSERVED; i++) step.x[frame * OBSERVED + i] = seen[i];
    distance -= speed;
    height += climb;
    if (height > 1 || height < -1) {
      height = (height > 0 ? 2 : -2) - height;
      climb = -climb;
    }
  }
  // Where the ball came down is what each frame should have foreseen.
  step.y.fill(height, 0, frame);
  trainer.stepBuffers(frame);
  return Math.abs(keeper - height) <= REACH;
}

const SHOTS = 1000;
for (let round = 1; round <= 6; round++) {
  let held = 0;
  for (let shot = 0; shot < SHOTS; shot++) if (shoot()) held++;
  console.log(
    `shots ${(round - 1) * SHOTS + 1} to ${round * SHOTS}: ${((100 * held) / SHOTS).toFixed(0)} % held`,
  );
}
