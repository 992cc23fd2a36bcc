/** Runs the examples for loops at frame and audio rate as a reader would, on the built package. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const node = (...args: string[]) => execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });

describe("the game loop", () => {
  it("has a keeper that holds twice as many shots once it has learned", () => {
    const held = Array.from(node("examples/loops/game-loop.mjs").matchAll(/: (\d+) % held/g), ([, n]) => +n);
    expect(held).toHaveLength(6);
    expect(held[5]).toBeGreaterThan(2 * held[0]);
    expect(held[5]).toBeGreaterThan(75);
  });
});

describe("the audio worklet", () => {
  it("learns to sound like the device", () => {
    const text = node("examples/loops/audio-worklet.mjs");
    const [before, after] = Array.from(text.matchAll(/: (-[\d.]+) dB/g), ([, n]) => Number(n));
    expect(after).toBeLessThan(before - 20);
    expect(after).toBeLessThan(-30);
  });

  it("registers its processor where there are worklets", () => {
    const script = `
      globalThis.AudioWorkletProcessor = class { port = {}; };
      globalThis.registerProcessor = (name, Processor) => {
        const processor = new Processor();
        const block = () => new Float32Array(128).fill(0.5);
        const wet = block();
        const goesOn = processor.process([[block()], []], [[wet]]);
        console.log(name, goesOn, wet.every((sample) => sample !== 0.5 && Number.isFinite(sample)));
      };
      await import("./examples/loops/audio-worklet.mjs");`;
    expect(node("--input-type=module", "-e", script)).toBe("learned-device true true\n");
  });
});
