/** What a pass computes: one array, or one per named output. */
export type Arrays = Float32Array | ByName;

type ByName = Readonly<Record<string, Float32Array>>;

export const arrayOf = (arrays: Arrays, name: string, byName: boolean): Float32Array =>
  byName ? (arrays as ByName)?.[name] : (arrays as Float32Array);
