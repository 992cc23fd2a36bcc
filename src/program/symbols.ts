interface Shown {
  dispose(): void;
  toJSON(): unknown;
}

/**
 * Adds the methods that symbols name, when there is a predictor: bundlers keep a class with computed members, and all it names, in
 * pages that have no use for it.
 */
export function addSymbols(prototype: object): void {
  const inspect = Symbol.for("nodejs.util.inspect.custom");
  if (inspect in prototype) return;
  const methods = {
    [inspect](this: Shown) {
      return this.toJSON();
    },
    [Symbol.dispose](this: Shown) {
      this.dispose();
    },
  };
  for (const key of Object.getOwnPropertySymbols(methods))
    Object.defineProperty(prototype, key, {
      value: methods[key as never],
      configurable: true,
      writable: true,
    });
}
