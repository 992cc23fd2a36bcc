/** How an unwelcome value is named in an error. */
export function describe(value: unknown): string {
  if (/^(number|boolean|undefined)$/.test(typeof value) || value === null) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}..` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object"
    ? `an object of type ${value.constructor?.name ?? "unknown"}`
    : `a ${typeof value}`;
}
