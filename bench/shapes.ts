/** What is measured, as named lists. */
import type { ConvolutionShape } from "./plain/convolutions.ts";

/** A network of dense layers and how it is trained. Adam with this learning rate; XOR trains on its four rows. */
export interface Network {
  readonly name: string;
  /** Inputs, then the units of each layer. */
  readonly layers: readonly number[];
  readonly batch: number;
  readonly hidden: "relu" | "tanh";
  readonly loss: "crossEntropy" | "binaryCrossEntropy";
  readonly learningRate: number;
  /** Batches in an epoch. */
  readonly batches: number;
}

const classifier = (layers: readonly number[], batch: number, batches = 4): Network => ({
  name: `${layers.join("-")}, batch ${batch}`,
  layers,
  batch,
  hidden: "relu",
  loss: "crossEntropy",
  learningRate: 0.001,
  batches,
});

export const XOR: Network = {
  name: "XOR 2-8-1, batch 4",
  layers: [2, 8, 1],
  batch: 4,
  hidden: "tanh",
  loss: "binaryCrossEntropy",
  learningRate: 0.05,
  batches: 1,
};

const CIRCLE: Network = {
  name: "2-16-16-1, batch 64",
  layers: [2, 16, 16, 1],
  batch: 64,
  hidden: "tanh",
  loss: "binaryCrossEntropy",
  learningRate: 0.01,
  batches: 4,
};

export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

const square = (n: number): ProductShape => ({ m: n, n, k: n });

/** One figure grows while the others stay. */
export interface Growth {
  readonly what: "width" | "depth" | "batch" | "data";
  readonly networks: readonly { readonly size: number; readonly network: Network }[];
}

const grow = (what: Growth["what"], sizes: readonly number[], make: (size: number) => Network): Growth => ({
  what,
  networks: sizes.map((size) => ({ size, network: make(size) })),
});

const growth = (widths: number[], depths: number[], batches: number[], data: number[]): readonly Growth[] => [
  grow("width", widths, (w) => classifier([w, w, w, 10], 64, 1)),
  grow("depth", depths, (d) => classifier([128, ...new Array<number>(d).fill(128), 10], 64, 1)),
  grow("batch", batches, (b) => classifier([128, 128, 128, 10], b, 1)),
  grow("data", data, (n) => classifier([128, 128, 128, 10], 64, n)),
];

export interface Shapes {
  readonly networks: readonly Network[];
  readonly products: readonly ProductShape[];
  readonly convolutions: readonly ConvolutionShape[];
  /** Parameters of the optimizer updates. */
  readonly parameters: readonly number[];
  /** Inference: the network's batch is the most rows of a pass. */
  readonly predictions: readonly { readonly network: Network; readonly rows: number }[];
  readonly growth: readonly Growth[];
  /** Processes started to time the way from nothing to a trained network. */
  readonly starts: number;
}

/** Both convolutions of LeCun et al. 1998, on images of 28 x 28. */
const LENET: readonly ConvolutionShape[] = [
  { n: 32, h: 28, w: 28, c: 1, k: 5, padding: 2, o: 6 },
  { n: 32, h: 14, w: 14, c: 6, k: 5, padding: 0, o: 16 },
];

const PREDICTIONS = [
  { network: XOR, rows: 1 },
  { network: classifier([784, 128, 10], 32), rows: 1 },
  { network: classifier([784, 512, 512, 10], 64), rows: 1 },
  { network: classifier([784, 512, 512, 10], 64), rows: 64 },
];

export const FULL: Shapes = {
  networks: [
    XOR,
    CIRCLE,
    classifier([64, 64, 10], 16),
    classifier([784, 128, 10], 32),
    classifier([784, 512, 512, 10], 128),
  ],
  products: [
    ...[64, 128, 250, 256, 333, 512, 1024].map(square),
    { m: 17, n: 10, k: 784 },
    { m: 17, n: 784, k: 10 },
  ],
  convolutions: [
    ...LENET,
    { n: 8, h: 28, w: 28, c: 1, k: 3, padding: 1, o: 32 },
    { n: 8, h: 28, w: 28, c: 32, k: 3, padding: 1, o: 32 },
    { n: 8, h: 14, w: 14, c: 32, k: 3, padding: 1, o: 64 },
  ],
  parameters: [1 << 20],
  predictions: PREDICTIONS,
  growth: growth(
    [32, 64, 128, 256, 512, 1024],
    [1, 2, 4, 8, 16],
    [8, 16, 32, 64, 128, 256],
    [1, 2, 4, 8, 16, 32],
  ),
  starts: 15,
};

/** For a look in passing. */
export const QUICK: Shapes = {
  ...FULL,
  products: [...[64, 128, 250, 256].map(square), { m: 17, n: 10, k: 784 }, { m: 17, n: 784, k: 10 }],
  convolutions: LENET,
  growth: growth([32, 64, 128, 256], [1, 2, 4], [16, 32, 64], [1, 4, 16]),
  starts: 5,
};

/** For a test that everything verifies. */
export const TINY: Shapes = {
  networks: [XOR, { ...CIRCLE, batch: 8 }, classifier([6, 5, 3], 4)],
  products: [square(5), { m: 3, n: 9, k: 17 }],
  convolutions: [
    { n: 2, h: 5, w: 6, c: 2, k: 3, padding: 1, o: 3 },
    { n: 3, h: 4, w: 4, c: 9, k: 2, padding: 0, o: 10 },
  ],
  parameters: [64],
  predictions: [
    { network: XOR, rows: 1 },
    { network: classifier([6, 5, 3], 4), rows: 3 },
  ],
  growth: growth([4, 8], [1, 2], [2], [2]),
  starts: 0,
};
