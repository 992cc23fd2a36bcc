/** Cases of recurrent ops: each cell, with and without mask, states to start from and cotangents, in both directions. */
import { Cell, type OpAttrs } from "../../src/graph/op.ts";
import type { Shape } from "../../src/graph/shape.ts";
import { gatesOf, keptOf } from "../../src/tape/formats/recurrent.ts";
import type { Case, Draw, Input, Refusal } from "./op-cases.ts";

const ROWS = -1;
const CELLS = [Cell.RnnTanh, Cell.RnnRelu, Cell.Lstm, Cell.Gru, Cell.GruBefore];
/** Away from 0, where relu has a kink. */
const signed: Draw = (uniform) => {
  const u = uniform();
  return u < 0 ? u * 0.9 - 0.1 : u * 0.9 + 0.1;
};
const weight: Draw = (uniform) => 0.6 * uniform();
const unit: Draw = (uniform) => 0.5 + 0.4 * uniform();
const real: Draw = (uniform) => (uniform() < 0 ? 0 : 1);
const input = (shape: Shape, draw: Draw = signed): Input => ({ shape, draw, dtype: "f32", constant: false });
const fixed = (shape: Shape, draw: Draw): Input => ({ ...input(shape, draw), constant: true });
const there = <T>(...list: readonly (T | false)[]): T[] => list.filter((x): x is T => x !== false);

interface Given {
  readonly m?: number;
  readonly steps: number;
  readonly units: number;
  readonly reverse?: boolean;
  readonly masked?: boolean;
  readonly initial?: boolean;
}

/** Units around the width of a vector and a panel; sequences around Recurrence.Group. */
const GIVEN: readonly Given[] = [
  { steps: 1, units: 1 },
  { steps: 3, units: 4, reverse: true },
  { steps: 2, units: 5, initial: true },
  { steps: 3, units: 3, masked: true, initial: true },
  { steps: 3, units: 2, masked: true, initial: true, reverse: true },
  { steps: 2, units: 9, masked: true },
  { m: 17, steps: 2, units: 2, initial: true },
  { m: 33, steps: 1, units: 3 },
];
/** Too many elements for central differences. */
const isLarge = ({ m = ROWS }: Given) => m > 1;

const named = (cell: Cell, { m = ROWS, steps, units, ...given }: Given) =>
  `${Cell[cell]} [${m}, ${steps}, ${units}] ${Object.keys(given).join(" ")}`;
const attrsOf = (
  cell: Cell,
  { reverse = false, masked = false, initial = false }: Given,
): OpAttrs["recurrent"] => ({
  cell,
  reverse,
  masked,
  initial,
});

const each = <K extends "recurrent" | "recurrentGrad" | "recurrentGradWeights">(
  make: (cell: Cell, given: Given) => readonly Omit<Case<K>, "name">[],
): Case<K>[] =>
  CELLS.flatMap((cell) =>
    GIVEN.flatMap((given) =>
      make(cell, given).map((made, i) => ({
        ...made,
        name: `${named(cell, given)}${i > 0 ? ` ${i}` : ""}`,
        fused: isLarge(given),
      })),
    ),
  );

export const RECURRENT_CASES: {
  readonly [K in "recurrent" | "recurrentGrad" | "recurrentGradWeights"]: readonly Case<K>[];
} = {
  recurrent: each((cell, given) => {
    const { m = ROWS, steps, units, masked = false, initial = false } = given;
    const columns = gatesOf(cell) * units;
    const [state, isLstm] = [[m, units], cell === Cell.Lstm];
    return [
      {
        attrs: attrsOf(cell, given),
        inputs: there<Input>(
          input([m, steps, columns]),
          input([units, columns], weight),
          cell === Cell.Gru && input([units]),
          masked && fixed([m, steps], real),
          initial && input(state),
          initial && isLstm && input(state),
        ),
        outputs: there<Shape>(
          [m, steps, units],
          state,
          keptOf(cell) > 0 && [m, steps, keptOf(cell) * units],
          isLstm && state,
        ),
      },
    ];
  }),
  recurrentGrad: each((cell, given) => {
    const { m = ROWS, steps, units, masked = false, initial = false } = given;
    const columns = gatesOf(cell) * units;
    const [state, isLstm] = [[m, units], cell === Cell.Lstm];
    const flags = [
      [true, false],
      [false, true],
      [true, true],
    ];
    return flags.map(([ofOutputs, ofLast]) => ({
      attrs: { ...attrsOf(cell, given), ofOutputs, ofState: ofLast, ofCell: ofLast && isLstm },
      inputs: there<Input>(
        ofOutputs && input([m, steps, units]),
        ofLast && input(state),
        ofLast && isLstm && input(state),
        input([m, steps, units]),
        keptOf(cell) > 0 && input([m, steps, keptOf(cell) * units], unit),
        input([units, columns], weight),
        masked && fixed([m, steps], real),
        initial && input(state),
        initial && isLstm && input(state),
      ),
      outputs: there<Shape>(
        [m, steps, columns],
        state,
        isLstm && state,
        cell === Cell.Gru && [m, steps, units],
      ),
    }));
  }),
  recurrentGradWeights: each((cell, given) => {
    const { m = ROWS, steps, units, initial = false } = given;
    const columns = gatesOf(cell) * units;
    const { masked: _, ...attrs } = attrsOf(cell, given);
    return [
      {
        attrs,
        inputs: there<Input>(
          input([m, steps, units]),
          input([m, steps, columns]),
          cell === Cell.Gru && input([m, steps, units]),
          cell === Cell.GruBefore && input([m, steps, 3 * units], unit),
          initial && input([m, units]),
        ),
        outputs: there<Shape>([units, columns], cell === Cell.Gru && [units]),
      },
    ];
  }),
};

const plain = { reverse: false, masked: false, initial: false };
const rule = (gates: string) =>
  `layer: recurrent needs Z [m, T, ${gates} u], R [u, ${gates} u], a bias [u] of a GRU, a mask [m, T] and states [m, u]; got`;

export const RECURRENT_REFUSALS: {
  readonly [K in "recurrent" | "recurrentGrad" | "recurrentGradWeights"]: readonly Refusal<K>[];
} = {
  recurrent: [
    {
      attrs: { ...plain, cell: Cell.Lstm },
      inputs: [
        [ROWS, 3, 8],
        [3, 8],
      ],
      message: `${rule("4")} [rows, 3, 8], [3, 8]`,
    },
    {
      attrs: { ...plain, cell: Cell.Gru },
      inputs: [
        [ROWS, 3, 6],
        [2, 6],
      ],
      message: `${rule("3")} [rows, 3, 6], [2, 6]`,
    },
    {
      attrs: { ...plain, cell: Cell.RnnTanh, masked: true },
      inputs: [
        [ROWS, 3, 2],
        [2, 2],
        [ROWS, 2],
      ],
      message: `${rule("1")} [rows, 3, 2], [2, 2], [rows, 2]`,
    },
    {
      attrs: { ...plain, cell: Cell.RnnTanh },
      inputs: [
        [ROWS, 3],
        [3, 3],
      ],
      message: `${rule("1")} [rows, 3], [3, 3]`,
    },
  ],
  recurrentGrad: [],
  recurrentGradWeights: [],
};
