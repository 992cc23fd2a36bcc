/** Nothing is timed before it is known to compute the right thing. */
export class VerificationError extends Error {
  override name = "VerificationError";
}

/**
 * Throws unless every `got[i]` is within `tolerance * scale` of `want[i]`, where `scale` is the largest magnitude in
 * `want` (and at least `floor`).
 */
export function verifyClose(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance: number,
  floor = 1e-30,
): void {
  if (got.length !== want.length)
    throw new VerificationError(`${what}: lengths must agree; got ${got.length} for ${want.length}`);
  let scale = floor;
  for (let i = 0; i < want.length; i++) scale = Math.max(scale, Math.abs(want[i]));
  for (let i = 0; i < want.length; i++)
    if (!(Math.abs(got[i] - want[i]) <= tolerance * scale))
      throw new VerificationError(
        `${what}: results must agree within ${tolerance} of ${scale}; got ${got[i]} for ${want[i]} at ${i}`,
      );
}

export function verifyThat(what: string, holds: boolean): void {
  if (!holds) throw new VerificationError(`${what}; got something else`);
}
