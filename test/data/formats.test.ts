/** IDX, NPY and NPZ: what the writers of these formats wrote, and what damage makes of it. */
import { readFileSync } from "node:fs";
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../src/data/formats/inflate.ts";
import { type NumberArray, readIdx, readNpy, readNpz } from "../../src/data/index.ts";
import { DataError, errorCode, OptionError } from "../../src/index.ts";
import { allocatedBy, damage, generator, resultOf } from "./damage.ts";

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly shape: number[];
  readonly data: number[];
}
const recorded: { arrays: Recorded[]; archives: Recorded[]; refused: Recorded[] } = JSON.parse(
  readFileSync(new URL("../vectors/numpy-files.json", import.meta.url), "utf8"),
);
const bytesOf = ({ file }: Recorded) => new Uint8Array(Buffer.from(file, "base64"));

/** An IDX file, written plainly. */
function idx(type: number, shape: readonly number[], numbers: readonly number[]): Uint8Array {
  const size = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }[type] ?? 1;
  const view = new DataView(new ArrayBuffer(4 + 4 * shape.length + size * numbers.length));
  view.setUint8(2, type);
  view.setUint8(3, shape.length);
  for (const [i, length] of shape.entries()) view.setUint32(4 + 4 * i, length);
  const set = {
    8: "setUint8",
    9: "setInt8",
    11: "setInt16",
    12: "setInt32",
    13: "setFloat32",
    14: "setFloat64",
  }[type];
  for (const [i, number] of numbers.entries())
    view[(set ?? "setUint8") as "setFloat64"](4 + 4 * shape.length + size * i, number);
  return new Uint8Array(view.buffer);
}

const pixels = idx(
  8,
  [10, 4, 5],
  Array.from({ length: 200 }, (_, i) => (i * 37) % 256),
);

describe("readIdx", () => {
  it.each([
    [8, Uint8Array.of(0, 255, 7, 1, 2, 3)],
    [9, Int8Array.of(0, -128, 127, 1, 2, 3)],
    [11, Int16Array.of(0, -32768, 32767, 1, 2, 3)],
    [12, Int32Array.of(0, -2147483648, 2147483647, 1, 2, 3)],
    [13, Float32Array.of(0, -1.5, 3e38, 1, 2, 3)],
    [14, Float64Array.of(0, -1e300, 0.1, 1, 2, 3)],
  ])("reads numbers of type %i", async (type, data) => {
    expect(await readIdx(idx(type, [2, 3], [...data]))).toEqual({ data, shape: [2, 3] });
    expect((await readIdx(idx(type, [6], [...data]))).shape).toEqual([6]);
  });

  it("reads gzipped files, with and without a name in them", async () => {
    const expected = await readIdx(pixels);
    const packed = gzipSync(pixels);
    expect(await readIdx(packed)).toEqual(expected);
    const named = Buffer.concat([
      packed.subarray(0, 3),
      Buffer.of(8),
      packed.subarray(4, 10),
      Buffer.from("a.idx\0"),
      packed.subarray(10),
    ]);
    expect(await readIdx(named)).toEqual(expected);
    expect(await readIdx(new Response(gzipSync(pixels)))).toEqual(expected);
    expect(await readIdx([gzipSync(pixels).subarray(0, 50), gzipSync(pixels).subarray(50)].values())).toEqual(
      expected,
    );
    expect(await readIdx(gzipSync(idx(8, [0], [])))).toEqual({ data: new Uint8Array(0), shape: [0] });
  });

  it("keeps no view of what it was given", async () => {
    const given = pixels.slice();
    const { data } = await readIdx(given);
    given.fill(0);
    expect(data[1]).toBe(37);
  });

  it.each([
    ["no bytes", Uint8Array.of(), "must begin as IDX files do"],
    ["text", new TextEncoder().encode("label,x\n"), "must begin as IDX files do"],
    ["another type", Uint8Array.of(0, 0, 10, 1, 0, 0, 0, 0), "must begin as IDX files do"],
    ["no axis", Uint8Array.of(0, 0, 8, 0), "must have a length for each of its 0 axes"],
    ["no lengths", Uint8Array.of(0, 0, 8, 3, 0, 0), "must have a length for each of its 3 axes"],
    [
      "too few numbers",
      pixels.subarray(0, 100),
      "must have as many numbers as its shape says; got 84 bytes of u8 for the shape [10, 4, 5]",
    ],
    ["too many", Uint8Array.of(...pixels, 0), "must have as many numbers as its shape says"],
    [
      "lengths beyond all",
      Uint8Array.of(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255),
      "must have as many numbers as its shape says",
    ],
    ["half a gzip file", gzipSync(pixels).subarray(0, 60), "the file is damaged"],
  ])("refuses %s", async (_, bytes, message) => {
    const error = await readIdx(bytes, { name: "a.idx" }).catch((e) => e);
    expect(errorCode(error)).toBe("data-format");
    expect(error.message).toMatch(/^readIdx: a\.idx: /);
    expect(error.message).toContain(message);
  });

  it("refuses text, wrong options, and more bytes than allowed", async () => {
    await expect(readIdx("a")).rejects.toThrow('readIdx: must be bytes; got text "a"');
    await expect(readIdx(pixels, { maxBytes: 0 })).rejects.toThrow(OptionError);
    expect(errorCode(await readIdx(pixels, { maxBytes: 100 }).catch((e) => e))).toBe("data-limit");
    const zeros = gzipSync(idx(8, [1_000_000], new Array(1_000_000).fill(0)));
    expect(zeros.length).toBeLessThan(2000);
    expect(errorCode(await readIdx(zeros, { maxBytes: 900_000 }).catch((e) => e))).toBe("data-limit");
    expect((await readIdx(zeros)).data.length).toBe(1_000_000);
  });
});

describe("crc32", () => {
  it("is that of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });
});

describe("readNpy", () => {
  it.each(recorded.arrays.map((array) => [array.name, array] as const))(
    "reads what NumPy wrote: %s",
    async (_, array) => {
      const { data, shape } = await readNpy(bytesOf(array));
      expect(shape).toEqual(array.shape);
      expect([...data]).toEqual(array.data);
      expect(await readNpy(gzipSync(bytesOf(array)))).toEqual({ data, shape });
    },
  );

  it.each(recorded.refused.map((array) => [array.name, array] as const))("refuses %s", async (_, array) => {
    expect(errorCode(await readNpy(bytesOf(array)).catch((e) => e))).toBe("data-type");
  });

  it.each([
    "",
    "\x93NUMPY",
    "\x93NUMPY\x01\x00\xff\xff{}",
    "\x93NUMPY\x01\x00\x02\x00{}",
    "\x93NUMPY\x04\x00\x02\x00{}  ",
  ])("refuses %j", async (text) => {
    await expect(readNpy(Uint8Array.from(text, (sign) => sign.charCodeAt(0)))).rejects.toThrow(DataError);
  });
});

describe("readNpz", () => {
  it.each(recorded.archives.map((archive) => [archive.name, archive] as const))(
    "reads what NumPy wrote: %s",
    async (_, archive) => {
      const { x, y, ...others } = await readNpz(bytesOf(archive));
      expect(others).toEqual({});
      expect(x).toEqual({ data: Float32Array.from({ length: 24 }, (_, i) => i - 6), shape: [6, 4] });
      expect(y).toEqual({ data: Float64Array.of(0, 1, 2, 3, 4, 5), shape: [6] });
    },
  );

  it("refuses archives of other files, and those that unpack to more than allowed", async () => {
    await expect(readNpz(zipOf("a.txt", Buffer.from("text")))).rejects.toThrow(
      'readNpz: must have arrays alone, files that end in .npy; got "a.txt"',
    );
    const zeros = zipOf("a.npy", Buffer.alloc(1_000_000));
    expect(zeros.length).toBeLessThan(2000);
    expect(errorCode(await readNpz(zeros, { maxBytes: 900_000 }).catch((e) => e))).toBe("data-limit");
    const { bytes } = await allocatedBy(() => readNpz(zeros, { maxBytes: 900_000 }).catch(() => {}));
    expect(bytes).toBeLessThan(1000);
  });

  it("allocates nothing for a length that cannot be", async () => {
    const file = zipOf("a.npy", Buffer.alloc(1000));
    new DataView(file.buffer, file.byteOffset).setUint32(file.indexOf("PK\x01\x02") + 24, 500_000_000, true);
    const { result, bytes } = await allocatedBy(() => readNpz(file).catch((e) => e));
    expect((result as Error).message).toContain("more than can be packed so far");
    expect(bytes).toBeLessThan(1000);
  });
});

/** An archive of one deflated file. */
function zipOf(name: string, content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const crc = crc32(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50);
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(crc, 16);
  central.writeUInt32LE(packed.length, 20);
  central.writeUInt32LE(content.length, 24);
  central.writeUInt16LE(name.length, 28);
  const before = Buffer.concat([local, Buffer.from(name), packed]);
  const directory = Buffer.concat([central, Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(before.length, 16);
  return Buffer.concat([before, directory, end]);
}

describe("10,000 damaged files of each format", () => {
  const RUNS = 10_000;
  const floats = recorded.arrays.find(({ name }) => name === "<f4") as Recorded;
  const [stored, deflated] = recorded.archives;

  /** Whether the numbers are those that a plain file holds at its end, in either order of bytes. */
  const agrees = (bytes: Uint8Array, { data, shape }: NumberArray) => {
    if (shape.reduce((product, length) => product * length, 1) !== data.length) return false;
    const header = String.fromCharCode(...bytes.subarray(0, 128));
    // Halves and wide integers are stored in other sizes, Fortran's arrays in another order.
    if (/'[<>|=](f2|i8|u8)'|True/.test(header)) return true;
    const size = data.BYTES_PER_ELEMENT;
    const view = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - data.byteLength);
    const read = (i: number, little: boolean) => {
      const own = Uint8Array.from({ length: size }, (_, k) =>
        view.getUint8(i * size + (little ? k : size - 1 - k)),
      );
      return new (data.constructor as Float64ArrayConstructor)(own.buffer)[0];
    };
    return [true, false].some((little) => data.every((value, i) => Object.is(value, read(i, little))));
  };
  const same = (a: unknown, b: unknown) => JSON.stringify(a, valuesOf) === JSON.stringify(b, valuesOf);
  const valuesOf = (_: string, value: unknown) =>
    ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value;

  const CASES: Record<
    string,
    [file: Uint8Array, read: (file: Uint8Array) => Promise<unknown>, isChecked: boolean]
  > = {
    IDX: [pixels, readIdx, false],
    "gzipped IDX": [gzipSync(pixels), readIdx, true],
    NPY: [bytesOf(floats), readNpy, false],
    "stored NPZ": [bytesOf(stored), readNpz, true],
    "deflated NPZ": [bytesOf(deflated), readNpz, true],
  };
  it.each(Object.keys(CASES))(
    "are refused with a typed error or read right, in bounded memory: %s",
    async (name) => {
      const [file, read, isChecked] = CASES[name];
      const whole = await read(file);
      const below = generator(7);
      let loaded = 0;
      let refused = 0;
      for (let run = 0; run < RUNS; run++) {
        const bytes = damage(file, below);
        const { result, bytes: allocated } = await allocatedBy(() => resultOf(() => read(bytes)));
        // Packed files may become 1032 times as large.
        expect(allocated, `run ${run}`).toBeLessThanOrEqual((isChecked ? 1032 : 4) * bytes.length + 4096);
        if (result === undefined) refused++;
        else {
          loaded++;
          // Names are not checked by a sum; what they name is.
          if (isChecked)
            expect(same(Object.values(result as object), Object.values(whole as object)), `run ${run}`).toBe(
              true,
            );
          else expect(agrees(bytes, result as NumberArray), `run ${run}`).toBe(true);
        }
      }
      expect(refused).toBeGreaterThan(RUNS / 4);
      expect(loaded).toBeGreaterThan(0);
    },
    240_000,
  );
});
