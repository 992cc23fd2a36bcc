/** The contract between package and kernels: what is generated from it, and that its version is raised when it changes. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as abi from "../../assembly/abi.ts";
import { DECODER, decoder } from "../../scripts/decoder.mjs";
import { sha256 } from "../../src/runtime/sha256.ts";
import { RECORDS } from "../../src/tape/records.ts";

const read = (file: string) => readFileSync(new URL(`../../assembly/${file}`, import.meta.url), "utf8");

/** By version of the contract: SHA-256 of all it consists of. A new row for each; what was released never changes. */
const CONTRACTS: Readonly<Record<number, string>> = {
  4: "fe23c134bfd236bcb10f44bff09f0ebc33dd713d67362e84ee59742ab0af7db7",
  5: "3aab5e8f6bdef30355935752367b77ae89e7b630ca049db0216b58420c00e4d7",
  6: "9600b48707a4bf9f4a68bd75ac36552c7bd4d2ca61aa6b2bfce5510879e50623",
  7: "ec72ed21f48b37da5339337ceda9699ba137e26aec97b3305a8542211989cbf8",
  8: "fa3eb70609a6707b1b642436f78eaceea0dd3f7b90c16d8134929ad049d8d348",
  9: "c8dc6076f27e435a1db2253d86be3403b79812bbed6b4cd072d8711a22060321",
  10: "5ef5bf3a2defb3a76cbd40dfd30858f750c8f7af3da56368ab8d65f20a56c6a3",
  11: "a82930bae2da4e3e87f0a21678e10daf3409d670fa522a0884e3c54abcccb7ee",
};

/** Names and numbers of the enums, records with their operands in order, and what the module exports, as text. */
function contract(): string {
  const { Abi, ...enums } = abi as unknown as Record<string, Record<string, string | number>>;
  const members = Object.entries({ ...enums, Abi: { Alignment: Abi.Alignment } }).flatMap(([name, of]) =>
    Object.entries(of)
      .filter(([, value]) => typeof value === "number")
      .map(([member, value]) => `${name}.${member} ${value}`),
  );
  const records = Object.entries(RECORDS).map(([opcode, { name, operands }]) => {
    const kinds = Object.entries(operands).map(([operand, of]) => {
      const { kind, ...others } = of as { kind: string } & Record<string, unknown>;
      const details = ["elementBytes", "optional", "alignment", "dtype", "shared"].flatMap((key) =>
        key in others ? [`${others[key]}`] : [],
      );
      return [operand, kind, ...details].join(" ");
    });
    return `${opcode} ${name}(${kinds.join(", ")})`;
  });
  return [
    ...members.sort(),
    ...records,
    ...exportsOf(read("index.ts")),
    ...exportsOf(read("threaded.ts")),
  ].join("\n");
}

/** Names of what a file exports; of functions of its own the whole head. */
const exportsOf = (text: string) =>
  [...text.matchAll(/^export (function .*|\{.*\} from .*)$/gm)].map(([line]) => line);

describe("the contract of the kernels", () => {
  it("has a version for what it is: a change raises Abi.Version and adds a row here", () => {
    const digest = sha256([new TextEncoder().encode(contract())]);
    expect(CONTRACTS[abi.Abi.Version], `the row of version ${abi.Abi.Version} must be "${digest}"`).toBe(
      digest,
    );
    expect(Math.max(...Object.keys(CONTRACTS).map(Number))).toBe(abi.Abi.Version);
  });

  it("is all of it: every enum of the file, every record, every export", () => {
    const text = contract();
    for (const [, name] of read("abi.ts").matchAll(/^export enum (\w+)/gm))
      expect(text).toContain(`${name}.`);
    for (const { name } of Object.values(RECORDS)) expect(text).toContain(` ${name}(`);
    for (const name of ["run", "step", "execute", "abiVersion", "maxMagnitude", "permute"])
      expect(text).toMatch(new RegExp(`^export .*\\b${name}\\b`, "m"));
    expect(text).toMatch(/^Opcode\.Dense 1$/m);
    expect(text).toMatch(
      / adam\(w inout 4 false 16 f32, g in 4 false 16 f32, .*rate rate, mirror mirror, guard guard\)/,
    );
  });
});

describe("the decoder", () => {
  it("is what the table of records makes: run `node scripts/decoder.mjs` after a change of that", async () => {
    expect(readFileSync(DECODER, "utf8")).toBe(await decoder());
  });

  it("decodes every record once", () => {
    const cases = [...read("decode.ts").matchAll(/^ {4}case Opcode\.(\w+):/gm)].map(([, name]) => name);
    expect(cases.sort()).toEqual(
      Object.keys(RECORDS)
        .map((opcode) => abi.Opcode[Number(opcode)])
        .sort(),
    );
  });
});
