import type { Shapes } from "../shapes.ts";
import type { Suite } from "../workload.ts";
import { convolutionSuite } from "./convolutions.ts";
import { growthSuite } from "./growth.ts";
import { trainingSuite } from "./networks.ts";
import { type CopyLoop, optimizerSuite } from "./optimizers.ts";
import { predictionSuite } from "./prediction.ts";
import { productSuite } from "./products.ts";
import { stateSuite } from "./state.ts";

/** All suites over given shapes, in the order in which they are printed. */
export const suitesOf = (shapes: Shapes, copyLoop: CopyLoop): readonly Suite[] => [
  trainingSuite(shapes.networks),
  stateSuite(),
  predictionSuite(shapes.predictions),
  productSuite(shapes.products),
  convolutionSuite(shapes.convolutions),
  optimizerSuite(shapes.parameters, copyLoop),
  ...shapes.growth.map(({ what, networks }) => growthSuite(what, networks)),
];
