export { collapseLinear } from "./collapse-linear.ts";
export {
  type ConvertibleActivation,
  type ConvertOptions,
  convertActivations,
} from "./convert-activations.ts";
