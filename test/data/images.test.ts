/** Pixels as rows, and changes to training images. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { augment, fromPixels, type PixelOptions, streamRows } from "../../src/data/index.ts";
import { DataError, OptionError } from "../../src/index.ts";

afterEach(() => vi.unstubAllGlobals());

/** An opaque grey image. */
const grey = (width: number, height: number, values: readonly number[]) => ({
  width,
  height,
  data: Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255])),
});
const one: PixelOptions = { channels: 1, range: [0, 255] };
const values = (source: Parameters<typeof fromPixels>[0], options?: PixelOptions) =>
  [...fromPixels(source, { ...one, ...options }).data].map((value) => Math.round(value * 1e4) / 1e4);

describe("fromPixels", () => {
  it("gives channels, in the range asked for", () => {
    const image = { width: 1, height: 1, data: Uint8ClampedArray.of(255, 0, 51, 255) };
    expect(fromPixels(image)).toEqual({ data: Float32Array.of(1, 0, 0.2), shape: [1, 1, 1, 3] });
    expect(
      [...fromPixels(image, { channels: 4, range: [-1, 1] }).data].map((v) => Math.round(v * 1e6) / 1e6),
    ).toEqual([1, -1, -0.6, 1]);
    expect(values(image)[0]).toBeCloseTo(0.299 * 255 + 0.114 * 51, 3);
    expect([...fromPixels(grey(1, 1, [0]), { channels: 1, range: [1, 0] }).data]).toEqual([1]);
  });

  it("lays what is not opaque over the background", () => {
    const image = { width: 2, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 0, 0, 0, 0, 51) };
    expect(values(image)).toEqual([255, 204]);
    expect(values(image, { background: 0 })).toEqual([0, 0]);
    expect([...fromPixels(image, { channels: 4, range: [0, 255] }).data]).toEqual([0, 0, 0, 0, 0, 0, 0, 51]);
  });

  it("makes images smaller by the mean of what a pixel covers", () => {
    const image = grey(4, 2, [0, 100, 200, 50, 4, 8, 12, 16]);
    expect(values(image, { size: [1, 2] })).toEqual([28, 69.5]);
    expect(values(image, { size: [2, 1] })).toEqual([87.5, 10]);
    // Three pixels into two: one and a half each.
    expect(values(grey(3, 1, [30, 60, 90]), { size: [1, 2] })).toEqual([40, 80]);
    expect(values(grey(5, 1, [10, 10, 10, 10, 10]), { size: [1, 3] })).toEqual([10, 10, 10]);
  });

  it("makes images larger evenly from pixel to pixel", () => {
    expect(values(grey(2, 1, [0, 100]), { size: [1, 4] })).toEqual([0, 25, 75, 100]);
    expect(values(grey(1, 2, [0, 100]), { size: [4, 1] })).toEqual([0, 25, 75, 100]);
    expect(values(grey(1, 1, [7]), { size: [2, 3] })).toEqual([7, 7, 7, 7, 7, 7]);
    expect(fromPixels(grey(2, 3, [1, 2, 3, 4, 5, 6]), { size: [6, 5] }).shape).toEqual([1, 6, 5, 3]);
  });

  it("keeps the mean of an image that becomes smaller", () => {
    const pixels = Array.from({ length: 28 * 28 }, (_, i) => (i * 37) % 256);
    const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
    for (const size of [
      [14, 14],
      [9, 5],
      [27, 3],
    ] as const) {
      const small = values(grey(28, 28, pixels), { size });
      expect(small.reduce((sum, value) => sum + value, 0) / small.length).toBeCloseTo(mean, 2);
    }
  });

  it("reads canvases as they are, and draws what has no pixels of its own", () => {
    const image = grey(2, 1, [0, 255]);
    const canvas = { width: 2, height: 1, getContext: () => ({ getImageData: () => image }) };
    expect(values(canvas as never)).toEqual([0, 255]);
    const drawn: unknown[] = [];
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        constructor(
          readonly width: number,
          readonly height: number,
        ) {}
        getContext() {
          return { drawImage: (source: unknown) => drawn.push(source), getImageData: () => image };
        }
      },
    );
    const bitmap = { width: 2, height: 1, close() {} };
    const element = { width: 200, height: 100, naturalWidth: 2, naturalHeight: 1 };
    for (const source of [bitmap, element]) expect(values(source as never)).toEqual([0, 255]);
    expect(drawn).toEqual([bitmap, element]);
  });

  it("refuses what is no image", () => {
    for (const source of [null, "a.png", {}, [1, 2], { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }])
      expect(() => fromPixels(source as never), JSON.stringify(source)).toThrow(DataError);
    expect(() => fromPixels({ naturalWidth: 0, naturalHeight: 0, width: 0, height: 0 } as never)).toThrow(
      "await img.decode()",
    );
    expect(() => fromPixels({ width: 2, height: 1 } as never)).toThrow(
      "got an engine without: pass ImageData",
    );
    for (const options of [
      { channels: 2 },
      { size: 28 },
      { size: [0, 1] },
      { range: [0] },
      { background: 300 },
    ])
      expect(() => fromPixels(grey(1, 1, [0]), options as never), JSON.stringify(options)).toThrow(
        OptionError,
      );
  });
});

describe("augment", () => {
  const x = { data: Float32Array.from({ length: 2 * 3 * 4 }, (_, i) => i + 1), shape: [2, 3, 4] };
  const row = (i: number) => [...x.data.subarray(12 * i, 12 * i + 12)];
  const split = ({ data }: { data: Float32Array }) => [[...data.subarray(0, 12)], [...data.subarray(12)]];
  const mirrored = (image: readonly number[]) =>
    image.map((_, i) => image[4 * Math.floor(i / 4) + 3 - (i % 4)]);

  it("changes nothing without options, and never what it is given", () => {
    const before = [...x.data];
    expect(augment({}).images(x, 3).data).toEqual(x.data);
    augment({ flip: true, shift: 2, rotate: 90 }).images(x, 3);
    expect([...x.data]).toEqual(before);
  });

  it("mirrors every second image", () => {
    let flipped = 0;
    for (let epoch = 0; epoch < 200; epoch++)
      for (const [i, image] of split(augment({ flip: true }).images(x, epoch)).entries()) {
        if (image.join() === mirrored(row(i)).join()) flipped++;
        else expect(image).toEqual(row(i));
      }
    expect(Math.abs(flipped - 200)).toBeLessThan(50);
  });

  it("moves images by whole pixels, and fills in", () => {
    const seen = new Set<string>();
    for (let epoch = 0; epoch < 200; epoch++) {
      const [image] = split(augment({ shift: 1, fill: -5 }).images(x, epoch));
      let found = false;
      for (const down of [-1, 0, 1])
        for (const right of [-1, 0, 1]) {
          const moved = row(0).map((_, i) => {
            const [y, z] = [Math.floor(i / 4) - down, (i % 4) - right];
            return y < 0 || y > 2 || z < 0 || z > 3 ? -5 : row(0)[4 * y + z];
          });
          if (moved.join() === image.join()) {
            found = true;
            seen.add(`${down} ${right}`);
          }
        }
      expect(found).toBe(true);
    }
    expect(seen.size).toBe(9);
  });

  it("turns images round their middle", () => {
    // A bar of 5 x 5: its middle stays, its mass too while it is inside.
    const data = new Float32Array(81);
    for (let y = 2; y < 7; y++) data[9 * y + 4] = 1;
    const changes = augment({ rotate: 40, seed: 1 });
    for (let epoch = 0; epoch < 20; epoch++) {
      const turned = changes.images({ data, shape: [1, 9, 9] }, epoch).data;
      expect(turned[40]).toBeCloseTo(1, 6);
      expect(turned.reduce((sum, value) => sum + value, 0)).toBeCloseTo(5, 0);
    }
  });

  it("draws by seed, epoch and row alone, images and channels alike", () => {
    const changes = augment({ flip: true, shift: 1, rotate: 20, seed: 4 });
    const both = split(changes.images(x, 2));
    expect(split(augment({ flip: true, shift: 1, rotate: 20, seed: 4 }).images(x, 2))).toEqual(both);
    expect(split(changes.images(x, 3))).not.toEqual(both);
    expect(split(augment({ flip: true, shift: 1, rotate: 20, seed: 5 }).images(x, 2))).not.toEqual(both);
    for (const index of [0, 1])
      expect([...changes.image(row(index), [3, 4], { epoch: 2, index })]).toEqual(both[index]);
    const channels = Float32Array.from({ length: 24 }, (_, i) => x.data[i >> 1] * (i % 2 ? 10 : 1));
    const changed = changes.images({ data: channels, shape: [1, 3, 4, 2] }, 2).data;
    for (let i = 0; i < 12; i++) {
      expect(changed[2 * i]).toBe(both[0][i]);
      expect(changed[2 * i + 1]).toBeCloseTo(10 * both[0][i], 3);
    }
  });

  it("goes with a stream", async () => {
    const changes = augment({ shift: 1, seed: 4 });
    const map = (image: number[], place: { epoch: number; index: number }) => [
      ...changes.image(image, [3, 4], place),
    ];
    const rows = streamRows(() => [[row(0), row(1)]] as number[][][], { map: map as never });
    const read = [];
    for await (const image of rows.epoch(2)) read.push(image);
    expect(read).toEqual(split(changes.images(x, 2)));
  });

  it("refuses what is no image, and wrong options", () => {
    for (const bad of [{ data: x.data, shape: [2, 3, 5] }, { data: x.data, shape: [24] }, x.data, null])
      expect(() => augment({}).images(bad as never, 0)).toThrow(DataError);
    for (const options of [{ shift: 0.5 }, { rotate: 181 }, { flip: 1 }, { zoom: 2 }, { fill: Number.NaN }])
      expect(() => augment(options as never)).toThrow(OptionError);
  });
});
