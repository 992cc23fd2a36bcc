/**
 * Built-in objects of any realm. An array of an iframe, a vm context or jest is no `instanceof` of this realm's classes
 * and is as good as its own.
 */

/** The class of a built-in object: `Float32Array`, `ArrayBuffer`, `Response`, `WebAssembly.Module`. */
export const classOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

// `instanceof` comes first because it is ten times as fast, and most arrays are of this realm.

export const isFloat32Array = (value: unknown): value is Float32Array =>
  value instanceof Float32Array || (ArrayBuffer.isView(value) && classOf(value) === "Float32Array");

export const isUint8Array = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array || (ArrayBuffer.isView(value) && classOf(value) === "Uint8Array");

/** Whether a value is a typed array of numbers: neither a DataView nor an array of bigints. */
export const isTypedArray = (value: unknown): value is ArrayBufferView & ArrayLike<number> =>
  value instanceof Float32Array || (ArrayBuffer.isView(value) && !/^(DataView|Big)/.test(classOf(value)));
