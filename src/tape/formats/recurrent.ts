/** Formats of the records of recurrent layers, in the link `deep`. */
import { Cell, Form, Opcode, Recurrence } from "../../../assembly/abi.ts";
import { dim, input, int, oneOf, optional, output, type Resolved, record, scratch } from "../operands.ts";
import { productScratchBytes } from "../product-scratch.ts";

/** Columns of the weights of each unit. */
export const gatesOf = (cell: number): number => (cell < Cell.Lstm ? 1 : cell === Cell.Lstm ? 4 : 3);

/** Numbers of each unit and step that the gradient reads, beside the states. */
export const keptOf = (cell: number): number =>
  cell < Cell.Lstm ? 0 : cell === Cell.Lstm ? 6 : cell === Cell.Gru ? 4 : 3;

const gates = (r: Resolved) => r.m * r.steps * gatesOf(r.cell) * r.units;
const kept = (r: Resolved) => r.m * r.steps * keptOf(r.cell) * r.units;
const states = (r: Resolved) => r.m * r.steps * r.units;
const state = (r: Resolved) => r.m * r.units;
const places = (r: Resolved) => r.m * r.steps;
const weights = (r: Resolved) => r.units * gatesOf(r.cell) * r.units;
const units = (r: Resolved) => r.units;
const sizes = { m: dim, steps: dim, units: dim, reverse: int } as const;

const padded = (n: number) => Math.ceil(n / 8) * 8;

/** Panels of R or its transpose, and for a group of sequences: six rows of units, one of gates, and what vectors reach beyond it. */
const recurrentScratch = () =>
  scratch(({ cell, units: u }) => {
    const columns = gatesOf(cell) * u;
    const panels = Math.max(u * (padded(columns) + 8), columns * padded(u));
    return 4 * (panels + Recurrence.Group * (6 * padded(u) + padded(columns) + 8));
  });

export const RECURRENT = /* @__PURE__ */ record(Opcode.Recurrent, "recurrent", "recurrent", "deep", () => ({
  cell: oneOf(Cell),
  y: output(states, optional),
  h: output(state, optional),
  c: output(state, optional),
  saved: output(kept, optional),
  z: input(gates),
  r: input(weights),
  bias: input(units, optional),
  mask: input(places, optional),
  h0: input(state, optional),
  c0: input(state, optional),
  ...sizes,
  scratch: recurrentScratch(),
}));

export const RECURRENT_GRAD = /* @__PURE__ */ record(
  Opcode.RecurrentGrad,
  "recurrentGrad",
  "recurrent-grad",
  "deep",
  () => ({
    cell: oneOf(Cell),
    dz: output(gates),
    ds: output(states, optional),
    dh0: output(state, optional),
    dc0: output(state, optional),
    dy: input(states, optional),
    dh: input(state, optional),
    dc: input(state, optional),
    y: input(states),
    saved: input(kept, optional),
    r: input(weights),
    mask: input(places, optional),
    h0: input(state, optional),
    c0: input(state, optional),
    ...sizes,
    scratch: recurrentScratch(),
  }),
);

export const RECURRENT_GRAD_WEIGHTS = /* @__PURE__ */ record(
  Opcode.RecurrentGradWeights,
  "recurrentGradWeights",
  "recurrent-grad",
  "deep",
  () => ({
    cell: oneOf(Cell),
    dr: output(weights),
    db: output(units, optional),
    y: input(states),
    dz: input(gates),
    ds: input(states, optional),
    saved: input(kept, optional),
    h0: input(state, optional),
    ...sizes,
    /** The states before each step of a group, and its sums, each aligned; a one; what a product needs. */
    scratch: scratch(({ cell, steps, units: u }) => {
      const k = Recurrence.Group * steps;
      const columns = gatesOf(cell) * u;
      return 4 * (k * u + 4 + u * columns + 4 + 4) + productScratchBytes(Form.TN, u, columns, k);
    }),
  }),
);
