import { classOf } from "./realm.ts";

/** How an unwelcome value is named in an error. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}..` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const kind = classOf(value);
  if (kind === "Promise") return "a promise: await it";
  if (ArrayBuffer.isView(value)) return `a ${kind} of ${(value as Uint8Array).length ?? value.byteLength}`;
  if (kind !== "Object") return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
  const { name } = value.constructor ?? Object;
  if (name !== "Object") return `an object of type ${name}`;
  const entries = Object.entries(value);
  const shown = entries
    .slice(0, 3)
    .map(([key, entry]) => `${key}: ${Object(entry) === entry ? ".." : describe(entry)}`);
  return `{ ${[...shown, ...(entries.length > 3 ? [".."] : [])].join(", ")} }`.replace("{  }", "{}");
}
