/** Each preset shows what its sentence says. */
import { describe, expect, it } from "vitest";
import { readConfig } from "../pages/playground/run/config.ts";
import { EXTRAS } from "../pages/playground/run/extras.ts";
import { decodeLink, encodeLink } from "../pages/playground/run/link.ts";
import { PRESETS } from "../pages/playground/run/presets.ts";
import { trainingSession } from "../pages/playground/run/training-session.ts";
import type { Config, Frame } from "../pages/playground/run/types.ts";

const TILE = 10;
const VIEW = { grid: 10, tile: TILE, weights: false };

/** Frames after so many steps each. */
async function framesOf(config: Config, steps: number, every = steps): Promise<Frame[]> {
  const session = trainingSession(EXTRAS);
  await session.start(config, VIEW);
  const frames: Frame[] = [];
  for (let done = 0; done < steps; done += every) frames.push(await session.advance({ steps: every }, VIEW));
  return frames;
}

const configOf = (id: string): Config => {
  const preset = PRESETS.find((one) => one.id === id);
  if (!preset) throw new Error(`no preset ${id}`);
  return preset.config;
};
const last = async (id: string, steps: number) => (await framesOf(configOf(id), steps)).at(-1) as Frame;

/** Units that give 0 everywhere on the stage. */
const deadUnits = ({ units }: Frame): number =>
  units.reduce((sum, tiles) => {
    const cells = TILE * TILE;
    let dead = 0;
    for (let at = 0; at < tiles.length; at += cells)
      if (tiles.subarray(at, at + cells).every((value) => value === 0)) dead++;
    return sum + dead;
  }, 0);

describe("every preset", () => {
  it.each(PRESETS)(
    "$title: is a configuration, with a title and a sentence",
    async ({ config, id, sentence }) => {
      expect(readConfig(config)).toEqual(config);
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(PRESETS.filter((one) => one.id === id)).toHaveLength(1);
      const content = { version: "0.1.0", config };
      expect(await decodeLink(await encodeLink(content))).toEqual(content);
    },
  );
});

it("a ring around a disc: is closed in a few hundred steps", async () => {
  expect((await last("first", 400)).score.test).toBeGreaterThan(0.95);
});

it("a line fails on XOR: never more than three corners", async () => {
  for (const { score, loss } of await framesOf(configOf("line"), 2000, 50)) {
    expect(score.train).toBeLessThanOrEqual(0.78);
    expect(loss.train).toBeGreaterThan(0.6);
  }
});

it("a hidden layer solves XOR", async () => {
  const { score } = await last("hidden", 300);
  expect([score.train, score.test]).toEqual([1, 1]);
});

describe("overfitting", () => {
  it("has a loss that goes to nothing on training rows and grows on test rows", async () => {
    const frames = await framesOf(configOf("overfitting"), 2000, 10);
    const { loss } = frames.at(-1) as Frame;
    expect(loss.train).toBeLessThan(1e-4);
    expect(loss.test).toBeGreaterThan(5 * Math.min(...frames.map((frame) => frame.loss.test)));
  });

  it("is less with a penalty, and with dropout", async () => {
    const { loss } = await last("overfitting", 2000);
    for (const id of ["penalty", "dropout"]) {
      const { data, layers } = configOf(id);
      expect(data).toEqual(configOf("overfitting").data);
      expect(layers.map(({ units }) => units)).toEqual(
        configOf("overfitting").layers.map(({ units }) => units),
      );
      expect((await last(id, 2000)).loss.test).toBeLessThan(loss.test / 4);
    }
  });
});

it("dead relus: stay dead, though the rate is lowered", async () => {
  const session = trainingSession(EXTRAS);
  await session.start(configOf("dead"), VIEW);
  const dead = deadUnits(await session.advance({ steps: 100 }, VIEW));
  expect(dead).toBeGreaterThanOrEqual(4);
  await session.setRate(0.01);
  const later = await session.advance({ steps: 500 }, VIEW);
  expect(deadUnits(later)).toBeGreaterThanOrEqual(dead);
  expect(later.score.test).toBeLessThan(0.6);
});

it("a rate too high: the loss jumps, and settles with a hundredth of it", async () => {
  const session = trainingSession(EXTRAS);
  await session.start(configOf("rate"), VIEW);
  const jumps = async () => {
    const losses: number[] = [];
    for (let i = 0; i < 60; i++) losses.push((await session.advance({ steps: 5 }, VIEW)).loss.train);
    return losses.filter((loss, i) => i > 0 && loss > 1.2 * losses[i - 1]).length;
  };
  expect(await jumps()).toBeGreaterThan(10);
  await session.setRate(0.01);
  expect(await jumps()).toBeLessThan(3);
});

it("spirals: are told apart in the end, not at once", async () => {
  const frames = await framesOf(configOf("spirals"), 2000, 20);
  expect(frames[0].score.test).toBeLessThan(0.8);
  expect((frames.at(-1) as Frame).score.test).toBeGreaterThan(0.97);
});

it("a wave: R2 says how much is explained", async () => {
  const { score } = await last("wave", 1000);
  expect(score.test).toBeGreaterThan(0.95);
});
