/** Values as text, for `console.log` and errors: short, and without touching what may be huge. */

const MOST_ITEMS = 50;

export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error)
    return value.name === "Error" ? value.message : `${value.name}: ${value.message}`;
  return inside(value, 0);
}

function inside(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `[function ${value.name}]`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return textOf(value);
  if (depth > 3) return "..";
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const array = value as Uint8Array;
    return `${value.constructor.name}(${array.length}) [${itemsOf(Array.from(array.subarray(0, MOST_ITEMS)), array.length, depth)}]`;
  }
  if (Array.isArray(value)) return `[${itemsOf(value.slice(0, MOST_ITEMS), value.length, depth)}]`;
  if (value instanceof Map || value instanceof Set)
    return `${value.constructor.name}(${value.size}) [${itemsOf([...value].slice(0, MOST_ITEMS), value.size, depth)}]`;
  const keys = Object.keys(value);
  const fields = keys
    .slice(0, MOST_ITEMS)
    .map((key) => `${key}: ${inside((value as Record<string, unknown>)[key], depth + 1)}`);
  if (keys.length > MOST_ITEMS) fields.push("..");
  return `{ ${fields.join(", ")} }`;
}

const itemsOf = (items: unknown[], length: number, depth: number) =>
  [...items.map((item) => inside(item, depth + 1)), ...(length > items.length ? [".."] : [])].join(", ");
