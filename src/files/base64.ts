/** Bytes as text that needs no escape in links: base64 with `-` and `_`, without padding (RFC 4648, section 5). */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function toBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(base64Length(bytes.length));
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const word = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(4, bytes.length - i + 1);
    for (let k = 0; k < digits; k++) codes[at++] = DIGITS.charCodeAt((word >>> (18 - 6 * k)) & 63);
  }
  // At once: a text of many small ones is put together later, which takes a second for a few megabytes.
  return new TextDecoder().decode(codes);
}

/** Length of the text of so many bytes. */
export const base64Length = (bytes: number): number => Math.ceil((bytes * 4) / 3);

/** @returns undefined for a text that `toBase64` gives of no bytes */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return undefined;
    word = ((word << 6) | digit) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = word >>> bits;
  }
  return toBase64(bytes) === text ? bytes : undefined;
}
