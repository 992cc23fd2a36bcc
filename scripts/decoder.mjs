/**
 * Writes the decoder of the kernels, `assembly/decode.ts`, from the table of records. The file is checked in; a test
 * compares. Run it after a change of `src/tape/records.ts`: `node scripts/decoder.mjs`.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { recordTables } from "./tables.mjs";

export const DECODER = new URL("../assembly/decode.ts", import.meta.url);

/** Records that the smallest networks are made of: decoded in the loop itself, without a further call. */
const HOT = ["dense", "denseGradWeights", "denseGradInput", "loss", "adam"];

/** How a kernel gets an operand; `i` is its word. */
const READ = {
  dim: (i) => `dim(r, ${i}, rows)`,
  int: (i) => `word(r, ${i})`,
  f32: (i) => `float(r, ${i})`,
  in: (i) => `pointer(r, ${i})`,
  out: (i) => `pointer(r, ${i})`,
  inout: (i) => `pointer(r, ${i})`,
  setting: (i) => `word(run, word(r, ${i}))`,
  rate: (i) => `rateAt(run, word(r, ${i}))`,
  mirror: (i) => `pointer(r, ${i})`,
  guard: () => "run + (Run.Guard << 2)",
  run: () => "run",
  scratch: (i, { shared }) => (shared ? `pointer(r, ${i})` : `pointer(r, ${i}) + <usize>part * stride`),
};

const HEAD = `// Generated from src/tape/records.ts by scripts/decoder.mjs: change those.
`;

const READERS = `
// @ts-ignore: decorator
@inline
function word(r: usize, i: i32): i32 {
  return load<i32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function pointer(r: usize, i: i32): usize {
  return <usize>load<u32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function float(r: usize, i: i32): f32 {
  return load<f32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function dim(r: usize, i: i32, rows: i32): i32 {
  const d = word(r, i);
  return d < 0 ? -d * rows : d;
}

// @ts-ignore: decorator
@inline
function rateAt(run: usize, column: i32): f64 {
  return load<f64>(pointer(run, Run.Rates) + (<usize>column << 3));
}
`;

const PARAMETERS = "r: usize, run: usize, rows: i32, stride: usize, part: i32, parts: i32";
const ARGUMENTS = "r, run, rows, stride, part, parts";

function wrapped(call, args) {
  const lines = [""];
  for (const arg of args) {
    const line = lines.at(-1);
    if (line.length + arg.length > 104) lines.push(arg);
    else lines[lines.length - 1] = line === "" ? arg : `${line}, ${arg}`;
  }
  if (lines.length === 1) return `${call}(${lines[0]});`;
  return `${call}(\n${lines.map((line) => `        ${line}`).join(",\n")},\n      );`;
}

function caseOf({ opcode, name, operands }, hasWord) {
  let i = 0;
  const args = Object.values(operands).map((operand) =>
    READ[operand.kind](hasWord(operand) ? ++i : 0, operand),
  );
  return `    case Opcode.${opcode}: {\n      ${wrapped(name, [...args, "part", "parts"])}\n      break;\n    }\n`;
}

const dispatch = (comment, head, cases, otherwise) =>
  `\n${comment}\n${head}function ${cases.name}(${PARAMETERS}): void {\n  switch (load<i32>(r) & RecordWord.OpcodeMask) {\n${cases.text}    default: {\n${otherwise}    }\n  }\n}\n`;

/** The text of the decoder. */
export async function decoder() {
  const { RECORDS, Opcode, hasWord } = await recordTables();
  const records = Object.values(RECORDS).map((format) => ({ ...format, opcode: Opcode[format.opcode] }));
  const files = new Map();
  for (const { file, name } of records) files.set(file, [...(files.get(file) ?? []), name]);
  const imports = [...files].map(
    ([file, names]) => `import { ${names.sort().join(", ")} } from "./kernels/${file}";`,
  );
  const cases = (name, chosen) => ({ name, text: chosen.map((record) => caseOf(record, hasWord)).join("") });
  const isHot = ({ name }) => HOT.includes(name);
  const inLink = (wanted) => records.filter((record) => record.link === wanted && !isHot(record));
  return [
    HEAD,
    `import { Opcode, RecordWord, Run } from "./abi";\n${imports.sort().join("\n")}\n`,
    READERS,
    dispatch(
      "/** Computes one part of a record. */",
      "// @ts-ignore: decorator\n@inline\nexport ",
      cases("executeRecord", records.filter(isHot)),
      `      executeOther(${ARGUMENTS});\n`,
    ),
    dispatch(
      "/** Those that the smallest networks do without. */",
      "",
      cases("executeOther", [...inLink("predict"), ...inLink("train")]),
      `      executeExtended(${ARGUMENTS});\n`,
    ),
    dispatch(
      "/** Those of the link `extended`; without that link the function traps, see scripts/slice.mjs. */",
      "",
      cases("executeExtended", inLink("extended")),
      `      executeDeep(${ARGUMENTS});\n`,
    ),
    dispatch(
      "/** Those of the link `deep`, likewise. */",
      "",
      cases("executeDeep", inLink("deep")),
      "      unreachable();\n",
    ),
  ].join("");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(DECODER, await decoder());
