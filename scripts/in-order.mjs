/**
 * Removes the marks of `hold` (assembly/simd.ts) from the text of a build of the kernels. Binaryen must not reorder
 * calls with effects, so it has left what they mark in the order of the source; that order stays without them. It must
 * not put them inline either, for which `scripts/out-of-line.mjs` sees.
 */
const HOLD = "$assembly/simd/hold";

/** @param wat the text of a build, as asc has written it */
export function withoutMarks(wat) {
  const lines = wat.split("\n");
  const unmarked = lines.filter((line) => line.trim() !== `call ${HOLD}`);
  if (unmarked.length === lines.length) throw new Error(`kernels: must call ${HOLD}; got no call`);
  // The function itself goes too: nobody calls it.
  const text = unmarked.join("\n").replace(/\n \(func \$assembly\/simd\/hold[ \n)].*?\n \)/s, "");
  if (text.includes(HOLD)) throw new Error(`kernels: must do without ${HOLD}; got a use of it`);
  return text;
}
