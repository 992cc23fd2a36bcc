/** What the playground's page keeps: losses for its chart, how finely it draws, what its address asks for, texts. */
import { describe, expect, it } from "vitest";
import { placeNetwork } from "../pages/playground/draw/places.ts";
import { FIRST_VIEW } from "../pages/playground/run/first-start.ts";
import { addressWith, readAddress } from "../pages/playground/state/address.ts";
import { Detail } from "../pages/playground/state/detail.ts";
import { History } from "../pages/playground/state/history.ts";
import { number, score, shortName } from "../pages/playground/state/text.ts";

describe("history", () => {
  it("keeps the first and the newest point, and at most 2,000 evenly between", () => {
    const history = new History();
    for (let steps = 0; steps <= 100_000; steps += 7) history.add(steps, 1 / (steps + 1), 2);
    const [steps, train] = history.columns();
    expect(steps.length).toBeLessThanOrEqual(2000);
    expect(steps.length).toBeGreaterThan(900);
    expect([steps[0], steps.at(-1)]).toEqual([0, 99_995]);
    for (const [at, step] of steps.entries()) {
      expect(train[at]).toBe(1 / (step + 1));
      if (at > 0 && at < steps.length - 1) expect(step - steps[at - 1]!).toBe(steps[1]! - steps[0]!);
    }
  });

  it("forgets what comes after a point that is added again", () => {
    const history = new History();
    for (const steps of [0, 10, 20, 30]) history.add(steps, steps, steps);
    history.add(10, 5, 6);
    history.add(12, 7, 8);
    expect(history.columns().map((column) => [...column])).toEqual([
      [0, 10, 12],
      [0, 5, 7],
      [0, 6, 8],
    ]);
  });
});

describe("detail", () => {
  const grid = (detail: Detail, cost: number) => {
    for (let frame = 0; frame < 200; frame++) detail.measure(cost);
    return detail.next().grid;
  };

  it("falls to the coarsest where frames are slow, and rises where they are fast", () => {
    expect(grid(new Detail(), 40)).toBe(20);
    expect(grid(new Detail(), 1)).toBe(64);
    expect(grid(new Detail(), 5)).toBe(40);
  });

  it("does not go back to what was too slow, unless another run starts", () => {
    const detail = new Detail();
    grid(detail, 40);
    expect(grid(detail, 1)).toBeLessThan(40);
    detail.reset();
    expect(grid(detail, 1)).toBe(64);
  });

  it("leaves tiles and weights out of some frames where they are slow", () => {
    const detail = new Detail();
    grid(detail, 40);
    const whole = Array.from({ length: 12 }, () => detail.next()).filter(({ weights }) => weights);
    expect(whole.length).toBe(2);
    expect(whole.every(({ tile }) => tile > 0)).toBe(true);
  });

  it("shows runs that stand as the picture that is made when the site is built", () => {
    expect(new Detail().still).toEqual(FIRST_VIEW);
  });
});

describe("addresses", () => {
  it("read the link, and options in the query or behind the link", () => {
    const { link, hide, embed } = readAddress("?hide=data", "#1.Ab-_9&hide=code,nothing,chart&embed");
    expect(link).toBe("#1.Ab-_9");
    expect([...hide]).toEqual(["data", "chart", "code"]);
    expect(embed).toBe(true);
    expect(readAddress("", "")).toEqual({ link: undefined, hide: new Set(), embed: false });
    expect(readAddress("", "#hide=time&embed=0")).toEqual({
      link: undefined,
      hide: new Set(["time"]),
      embed: false,
    });
    expect(readAddress("", "#main").link).toBeUndefined();
  });

  it("are read as they were written", () => {
    for (const link of ["", "#1.abc"])
      for (const hide of [[], ["data", "code"]] as const)
        for (const embed of [false, true]) {
          const { search, hash } = new URL(addressWith("https://a.b/c/", link, { hide, embed }));
          expect(readAddress(search, hash)).toEqual({ link: link || undefined, hide: new Set(hide), embed });
        }
  });
});

describe("texts", () => {
  it("show numbers in three digits", () => {
    expect([0, 0.012345, 1234.5, 1e-7, 12345678, Number.NaN, Number.POSITIVE_INFINITY].map(number)).toEqual([
      "0",
      "0.0123",
      "1,235",
      "1.00e-7",
      "1.23e+7",
      "none",
      "infinite",
    ]);
    expect([score(0.98765, "classes"), score(0.98765, "numbers")]).toEqual(["98.8 %", "0.988"]);
  });

  it("shorten names, and take out what ends lines or turns text around", () => {
    expect(shortName("a\u2028b\u202ec\n")).toBe("a b c");
    expect(shortName("x".repeat(100), 5)).toBe("xxxx…");
    expect(shortName("\u200f")).toBe("(no name)");
  });
});

describe("the network's picture", () => {
  it("has a place for each node, within the canvas, none on another", () => {
    const counts = [2, 64, 1, 33, 10];
    const columns = placeNetwork(counts, 500, 400);
    expect(columns.map(({ length }) => length)).toEqual(counts);
    const nodes = columns.flat();
    for (const [at, { x, y, size }] of nodes.entries()) {
      expect(Math.min(x - size / 2, y - size / 2)).toBeGreaterThanOrEqual(0);
      expect(x + size / 2).toBeLessThanOrEqual(500);
      expect(y + size / 2).toBeLessThanOrEqual(400);
      for (const other of nodes.slice(at + 1)) {
        const apart = Math.max(Math.abs(x - other.x), Math.abs(y - other.y));
        expect(apart).toBeGreaterThanOrEqual((size + other.size) / 2 - 1e-9);
      }
    }
  });
});
