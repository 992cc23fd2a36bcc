/** Inference into the caller's array. */
import { compile } from "wasmgrad";
import { PlainNetwork } from "../plain/network.ts";
import type { Network, Shapes } from "../shapes.ts";
import { verifyClose } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";
import { networkData, networkModel } from "./networks.ts";

const nameOf = ({ network, rows }: Shapes["predictions"][number]) =>
  `${network.layers.join("-")}, ${rows} ${rows === 1 ? "row" : "rows"}`;

export const predictionSuite = (predictions: Shapes["predictions"]): Suite => ({
  name: "prediction",
  title: "Prediction: predict(x, { out })",
  workloads: predictions.map((p) => ({
    name: nameOf(p),
    make: () => predictionWorkload(nameOf(p), p.network, p.rows),
  })),
});

function predictionWorkload(name: string, network: Network, rows: number): Workload {
  const { layers } = network;
  const predictor = compile(networkModel(network), { batchSize: network.batch });
  const plain = new PlainNetwork(network);
  plain.load(Object.values(predictor.parameters).map((p) => p.data));
  const x = networkData(network).x.subarray(0, rows * layers[0]);
  const out = new Float32Array(rows * layers[layers.length - 1]);
  predictor.predict(x, { out });
  verifyClose(name, out, plain.predict(x, 0, rows).subarray(0, out.length), 1e-5);
  let flops = 0;
  for (let l = 1; l < layers.length; l++) flops += 2 * rows * layers[l - 1] * layers[l];
  return {
    name,
    unit: "prediction",
    flops,
    engine: {
      name: "wasmgrad",
      units: 1,
      run: () => {
        predictor.predict(x, { out });
      },
    },
    plain: {
      name: "plain loops",
      units: 1,
      run: () => {
        plain.predict(x, 0, rows);
      },
    },
  };
}
