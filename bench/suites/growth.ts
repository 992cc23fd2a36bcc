/** How the time of a step grows as one figure of the network doubles. */
import type { Growth } from "../shapes.ts";
import type { Suite } from "../workload.ts";
import { trainingWorkload } from "./networks.ts";

const TITLES = {
  width: "width w: w-w-w-10, batch 64",
  depth: "depth d: 128, d hidden layers of 128, 10; batch 64",
  batch: "batch b: 128-128-128-10",
  data: "data of n batches: 128-128-128-10, batch 64",
};

export const growthSuite = (what: Growth["what"], networks: Growth["networks"]): Suite => ({
  name: `growth-${what}`,
  title: `Growth with ${TITLES[what]}`,
  workloads: networks.map(({ size, network }) => ({
    name: `${what} ${size}`,
    make: () => ({ ...trainingWorkload(network), name: `${what} ${size}` }),
  })),
});
