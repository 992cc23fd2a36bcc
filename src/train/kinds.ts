/** Functions that files can name: what they make is found again by its kind. */
import type { BringsOps } from "../model/layer.ts";

/** A function whose results files hold by their kind; `uses` of `loadTrainer` takes it. */
export type Kind<F> = F & BringsOps;

/** As `withOps`, for functions without ops. */
export const withKind = <F extends (...given: never[]) => unknown>(make: F, kind: string): Kind<F> =>
  Object.assign(make, { ops: [], kind });

/** What such a function made, as files and manifests name it: the function, and its arguments. */
export const asCall = ({ kind, given }: { readonly kind: string; readonly given: readonly unknown[] }) => ({
  kind,
  given,
});
