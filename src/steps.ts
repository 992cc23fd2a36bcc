/** Work that can be interrupted between its parts. */
export type Steps<T> = Generator<void, T>;

/** Does the work without a break. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
