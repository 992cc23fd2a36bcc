export type { Certificate, Term } from "./certificate.ts";
export type { Fraction } from "./fraction.ts";
export type { ExactHyperplane } from "./hyperplane.ts";
export type { Label, LabelsLike } from "./labels.ts";
export { crossEntropy, logLikelihood } from "./likelihood.ts";
export type { MatrixData, MatrixLike, VectorLike } from "./matrix.ts";
export { rank } from "./rank.ts";
export { type Inseparable, linearSeparability, type Separability, type Separable } from "./separability.ts";
export { singularValues } from "./svd.ts";
