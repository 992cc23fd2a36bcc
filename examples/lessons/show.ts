/** A number with as many significant digits, without trailing zeros. */
export const show = (x: number, digits = 6): string => {
  if (x === 0) return "0";
  const rounded = Number(x.toPrecision(digits));
  return Math.abs(x) < 1e-4 ? rounded.toExponential() : `${rounded}`;
};
