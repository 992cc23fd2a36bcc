/** Recurrent layers; formulas and orders stand with the kernels, `assembly/kernels/recurrent.ts` and `recurrent-grad.ts`. */
import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import {
  gatesOf,
  keptOf,
  RECURRENT,
  RECURRENT_GRAD,
  RECURRENT_GRAD_WEIGHTS,
} from "../../tape/formats/recurrent.ts";
import { Cell, draft, f32, type Op, type OpAttrs, SCRATCH, secondDerivative } from "../op.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.ts";
import type { ValueId } from "../type.ts";

export { gatesOf };

/** Deals the operands out in their order, to those that are there. */
function dealer(inputs: readonly ValueId[]) {
  let next = 0;
  return (there = true) => (there ? inputs[next++] : undefined);
}

const isLstm = ({ cell }: { cell: Cell }) => cell === Cell.Lstm;

/** What the op `recurrent` is given; undefined: not there. */
function operandsOf(attrs: OpAttrs["recurrent"], inputs: readonly ValueId[]) {
  const next = dealer(inputs);
  return {
    z: next() as ValueId,
    r: next() as ValueId,
    bias: next(attrs.cell === Cell.Gru),
    mask: next(attrs.masked),
    h0: next(attrs.initial),
    c0: next(attrs.initial && isLstm(attrs)),
  };
}

/** An operand of a record: a value, or none. */
const given = (value: ValueId | undefined) => (value === undefined ? 0 : { value });

/** Sizes of the states [m, steps, units]. */
const sizesOf = ([m, steps, units]: Shape, { reverse }: { readonly reverse: boolean }) => ({
  m,
  steps,
  units,
  reverse: reverse ? 1 : 0,
});

/**
 * A recurrent layer in one direction, all steps: of the simple cell `h = fn(z + h' R)`, h' being the state before the step; see the
 * kernel for LSTM and GRU.
 *
 *   z [m, T, G u] (what the inputs give, with the bias), R [u, G u], bias [u] (GRU with the reset gate behind the product),
 *   mask [m, T] (if masked), h0 [m, u] (if initial), c0 [m, u] (if initial, LSTM)
 *   -> y [m, T, u] (the state after each step), h [m, u] (after the last), saved [m, T, kept u], c [m, u] (LSTM)
 *   dz, dh0, dc0 as `recurrentGrad`; dR, dbias as `recurrentGradWeights`; the mask has no cotangent
 *
 * Saves y, h0, c0 and what the kernel keeps of each step (no output for the simple cell); outside training that has no buffer, and y
 * none where only h is read.
 */
export const recurrent: Op<"recurrent"> = {
  name: "recurrent",
  kernels: DEEP,
  enums: { cell: Cell },
  multiplyAdds: ([z, [units]]) => sizeOf(z) * units,
  infer: (who, inputs, attrs) => {
    const shapes = inputs.map(({ shape }) => shape);
    const gates = gatesOf(attrs.cell);
    const at = operandsOf(attrs, [...shapes.keys()]);
    const [m, steps, columns] = shapes[at.z];
    const units = columns / gates;
    const fits = (i: number | undefined, ...wanted: readonly number[]) =>
      i === undefined || sameShape(shapes[i], wanted);
    const { cell, masked, initial } = attrs;
    const ofStates = initial ? (isLstm(attrs) ? 2 : 1) : 0;
    const count = 2 + (cell === Cell.Gru ? 1 : 0) + (masked ? 1 : 0) + ofStates;
    const isFit =
      inputs.length === count &&
      shapes[at.z].length === 3 &&
      steps > 0 &&
      Number.isInteger(units) &&
      units > 0 &&
      fits(at.r, units, columns) &&
      fits(at.bias, units) &&
      fits(at.mask, m, steps) &&
      fits(at.h0, m, units) &&
      fits(at.c0, m, units);
    if (!isFit)
      throw new ShapeError(
        `${who}: recurrent needs Z [m, T, ${gates} u], R [u, ${gates} u], a bias [u] of a GRU, a mask [m, T] and states [m, u]; ` +
          `got ${shapes.map(formatShape).join(", ")}`,
      );
    const y = f32([m, steps, units]);
    const state = f32([m, units]);
    const kept = keptOf(attrs.cell) * units;
    if (kept === 0) return [y, state];
    const saved = f32([m, steps, kept]);
    return isLstm(attrs) ? [y, state, saved, state] : [y, state, saved];
  },
  vjp: ({ attrs, inputs, outputs: [y, , saved], dys: [dy, dh, , dc], emit, needs }) => {
    const { cell, reverse, masked, initial } = attrs;
    const { r, mask, h0, c0 } = operandsOf(attrs, inputs);
    const there = (...values: readonly (ValueId | undefined)[]) => values.filter((id) => id !== undefined);
    const cotangents = {
      ofOutputs: dy !== undefined,
      ofState: dh !== undefined,
      ofCell: dc !== undefined,
    };
    const back = emit(
      recurrentGrad,
      { cell, reverse, masked, initial, ...cotangents },
      there(dy, dh, dc, y, saved, r, mask, h0, c0),
    );
    const [dz, dh0, third] = back;
    const isGru = cell === Cell.Gru;
    const ds = isGru ? third : undefined;
    const weights =
      needs(1) || (isGru && needs(2))
        ? emit(
            recurrentGradWeights,
            { cell, reverse, initial },
            there(y, dz, ds, cell === Cell.GruBefore ? saved : undefined, h0),
          )
        : [];
    const [dR = null, dbias = null] = weights;
    return [
      dz,
      dR,
      ...(isGru ? [dbias] : []),
      ...(masked ? [null] : []),
      ...(initial ? [dh0] : []),
      ...(initial && isLstm(attrs) ? [third] : []),
    ];
  },
  lower: ({ attrs, inputs, outputs: [y, h, saved, c], type, isRead }) => {
    const { z, r, ...others } = operandsOf(attrs, inputs);
    const wanted = (id: ValueId | undefined) => (id !== undefined && isRead(id) ? { value: id } : 0);
    return [
      draft(RECURRENT, {
        cell: attrs.cell,
        y: wanted(y),
        h: wanted(h),
        c: wanted(c),
        saved: wanted(saved),
        z: { value: z },
        r: { value: r },
        bias: given(others.bias),
        mask: given(others.mask),
        h0: given(others.h0),
        c0: given(others.c0),
        ...sizesOf(type(y).shape, attrs),
        scratch: SCRATCH,
      }),
    ];
  },
};

/** What the op `recurrentGrad` is given. */
function gradOperandsOf(attrs: OpAttrs["recurrentGrad"], inputs: readonly ValueId[]) {
  const next = dealer(inputs);
  return {
    dy: next(attrs.ofOutputs),
    dh: next(attrs.ofState),
    dc: next(attrs.ofCell),
    y: next() as ValueId,
    saved: next(keptOf(attrs.cell) > 0),
    r: next() as ValueId,
    mask: next(attrs.masked),
    h0: next(attrs.initial),
    c0: next(attrs.initial && isLstm(attrs)),
  };
}

/**
 * The cotangents of what `recurrent` was given, but for its weights.
 *
 *   dy like y (if ofOutputs), dh like h (if ofState), dc like c (if ofCell), y, saved, R, mask, h0, c0 as there
 *   -> dz like z, dh0 [m, u], and dc0 [m, u] (LSTM), or ds [m, T, u] (GRU with the reset gate behind the product: of what the gate multiplies)
 */
export const recurrentGrad: Op<"recurrentGrad"> = {
  name: "recurrentGrad",
  kernels: DEEP,
  enums: { cell: Cell },
  infer: (_, inputs, attrs) => {
    const { y } = gradOperandsOf(attrs, [...inputs.keys()]);
    const [m, steps, units] = inputs[y].shape;
    const state = f32([m, units]);
    const dz = f32([m, steps, gatesOf(attrs.cell) * units]);
    if (attrs.cell === Cell.Gru) return [dz, state, f32([m, steps, units])];
    return isLstm(attrs) ? [dz, state, state] : [dz, state];
  },
  vjp: secondDerivative,
  lower: ({ attrs, inputs, outputs: [dz, dh0, third], type, isRead }) => {
    const { y, saved, r, ...others } = gradOperandsOf(attrs, inputs);
    return [
      draft(RECURRENT_GRAD, {
        cell: attrs.cell,
        dz: { value: dz },
        ds: attrs.cell === Cell.Gru ? { value: third } : 0,
        dh0: isRead(dh0) ? { value: dh0 } : 0,
        dc0: isLstm(attrs) && isRead(third) ? { value: third } : 0,
        dy: given(others.dy),
        dh: given(others.dh),
        dc: given(others.dc),
        y: { value: y },
        saved: given(saved),
        r: { value: r },
        mask: given(others.mask),
        h0: given(others.h0),
        c0: given(others.c0),
        ...sizesOf(type(y).shape, attrs),
        scratch: SCRATCH,
      }),
    ];
  },
};

/**
 * `dR = sum h'^T dz` over all sequences and steps.
 *
 *   y, dz, ds (GRU), saved (GRU with the reset gate before the product), h0 (if initial) as in `recurrentGrad`
 *   -> dR [u, G u], db [u] (of a GRU with the reset gate behind the product)
 */
export const recurrentGradWeights: Op<"recurrentGradWeights"> = {
  name: "recurrentGradWeights",
  kernels: DEEP,
  enums: { cell: Cell },
  infer: (_, [y], { cell }) => {
    const units = y.shape[2];
    const weights = f32([units, gatesOf(cell) * units]);
    return cell === Cell.Gru ? [weights, f32([units])] : [weights];
  },
  vjp: secondDerivative,
  lower: ({ attrs, inputs, outputs: [dr, db], type, isRead }) => {
    const next = dealer(inputs);
    const y = next() as ValueId;
    return [
      draft(RECURRENT_GRAD_WEIGHTS, {
        cell: attrs.cell,
        dr: { value: dr },
        db: db !== undefined && isRead(db) ? { value: db } : 0,
        y: { value: y },
        dz: { value: next() as ValueId },
        ds: given(next(attrs.cell === Cell.Gru)),
        saved: given(next(attrs.cell === Cell.GruBefore)),
        h0: given(next(attrs.initial)),
        ...sizesOf(type(y).shape, attrs),
        scratch: SCRATCH,
      }),
    ];
  },
};
