/**
 * What `look` gives, once that is something; for checks within pages. Fails where that never comes.
 *
 * @param {string} what  it waits for, as a noun
 * @param {() => T} look
 * @param {number} [seconds]  at most; default 30
 * @returns {Promise<T>}
 * @template T
 */
export async function until(what, look, seconds = 30) {
  const end = performance.now() + 1000 * seconds;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
