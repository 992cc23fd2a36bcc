/** Where `print.ts` gets its plots from: `wasmgrad/plot` is large, so it is in the worker only for programs that draw. */
type Plots = typeof import("wasmgrad/plot") & { readonly width: number };

let bring: () => Plots = () => {
  throw new Error("plots must be brought first");
};

export const bringPlots = (): Plots => bring();
export const setPlots = (give: () => Plots): void => {
  bring = give;
};
