/** How work that comes in steps is cut into slices, by clocks of each kind. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

let now = 0;
/** A clock from 0 on that shows whole multiples of `tick`, which may be infinite. */
const showing = (tick: number) =>
  vi.spyOn(Date, "now").mockImplementation(() => Math.floor(now / tick) * tick || 0);

/** What the module knows of the clock belongs to its thread: each test has it anew. */
let inSlices: typeof import("../../src/runtime/event-loop.ts").inSlices;
beforeEach(async () => {
  now = 0;
  showing(1);
  vi.resetModules();
  const eventLoop = await import("../../src/runtime/event-loop.ts");
  inSlices = eventLoop.inSlices;
  await eventLoop.yieldToEventLoop();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Steps of each slice of so many steps, which take `ms` each. */
async function slicesOf(steps: number, ms: number): Promise<number[]> {
  const slices = [0];
  function* work() {
    for (let i = 0; i < steps; i++) {
      now += ms;
      slices[slices.length - 1]++;
      yield;
    }
    return "done";
  }
  const next = () => {
    slices.push(0);
  };
  expect(await inSlices(work(), next)).toBe("done");
  return slices;
}

describe("a slice", () => {
  it("takes about 10 ms by a clock that tells them", async () => {
    const slices = await slicesOf(10_000, 0.1);
    expect(slices.length).toBeGreaterThan(90);
    // Until the clock has moved once, steps count as a millisecond.
    expect(slices.slice(2, -1).every((count) => count >= 90 && count <= 110)).toBe(true);
  });

  it.each([
    ["ticks every 100 ms", 100],
    ["stands still", Number.POSITIVE_INFINITY],
  ])("takes ten steps at most where the clock %s", async (_, tick) => {
    showing(tick);
    const slices = await slicesOf(1000, 0.3);
    expect(Math.max(...slices)).toBe(10);
    expect(slices.length).toBeLessThan(120);
  });

  it("takes one step at least, however long", async () => {
    expect(await slicesOf(5, 40)).toEqual([1, 1, 1, 1, 1, 0]);
  });
});

describe("a page", () => {
  let yieldToEventLoop: typeof import("../../src/runtime/event-loop.ts").yieldToEventLoop;
  /** What waits for a frame. */
  let frames: (() => void)[] = [];
  const draw = () => {
    const drawn = frames;
    frames = [];
    for (const frame of drawn) frame();
  };
  /** Whether a yield is over without anything else, as the clock shows so much. */
  const isOver = async (promise: Promise<void>) => {
    let over = false;
    promise.then(() => {
      over = true;
    });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    return over;
  };
  beforeEach(async () => {
    frames = [];
    now = 1000;
    vi.resetModules();
    ({ yieldToEventLoop } = await import("../../src/runtime/event-loop.ts"));
    vi.stubGlobal("document", { visibilityState: "visible" });
    vi.stubGlobal("requestAnimationFrame", (frame: () => void) => frames.push(frame));
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("gets a frame that is late, and is not waited for where it draws by itself", async () => {
    for (let i = 0; i < 5; i++) {
      now += 10;
      expect(await isOver(yieldToEventLoop())).toBe(true);
      draw();
    }
    for (const over of [true, true, false]) {
      now += 10;
      const yielded = yieldToEventLoop();
      expect(await isOver(yielded)).toBe(over);
      if (over) continue;
      draw();
      expect(await isOver(yielded)).toBe(true);
    }
  });

  it("that draws nothing is waited for once, and again when it draws", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    expect(await isOver(yieldToEventLoop())).toBe(true);
    now += 30;
    const waiting = yieldToEventLoop();
    expect(await isOver(waiting)).toBe(false);
    vi.advanceTimersByTime(25);
    expect(await isOver(waiting)).toBe(true);
    for (let i = 0; i < 5; i++) {
      now += 30;
      expect(await isOver(yieldToEventLoop())).toBe(true);
    }
    draw();
    expect(await isOver(yieldToEventLoop())).toBe(true);
    now += 30;
    expect(await isOver(yieldToEventLoop())).toBe(false);
  });

  it("out of sight is never waited for", async () => {
    vi.stubGlobal("document", { visibilityState: "hidden" });
    for (let i = 0; i < 5; i++) {
      now += 50;
      expect(await isOver(yieldToEventLoop())).toBe(true);
    }
    expect(frames).toEqual([]);
  });
});
