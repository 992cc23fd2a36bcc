/**
 * Recurrent layers in plain f64 loops, step by step, one sequence after the other. Numbers carry a bound of the error that f32
 * arithmetic makes of them (running error analysis), because a state's error goes through all later steps.
 */
import { Cell } from "../../assembly/abi.ts";
import type { OpAttrs } from "../../src/graph/op.ts";
import { gatesOf, keptOf } from "../../src/tape/formats/recurrent.ts";
import type { Context, Operand, Output } from "./graph.ts";

const EPS = 2 ** -24;

/** A number and how far it may be off in f32. */
interface Near {
  readonly v: number;
  readonly e: number;
}

const exact = (v: number): Near => ({ v, e: 0 });
const ZERO = exact(0);
const ONE = exact(1);
const rounded = (v: number, e: number): Near => ({ v, e: e + EPS * Math.abs(v) });
const add = (a: Near, b: Near) => rounded(a.v + b.v, a.e + b.e);
const sub = (a: Near, b: Near) => rounded(a.v - b.v, a.e + b.e);
const mul = (a: Near, b: Near) => rounded(a.v * b.v, Math.abs(a.v) * b.e + Math.abs(b.v) * a.e + a.e * b.e);
/** A function of slope at most `slope`, computed to a few units. */
const through = (f: (v: number) => number, slope: number, a: Near): Near => ({
  v: f(a.v),
  e: slope * a.e + 8 * EPS * Math.abs(f(a.v)),
});
const sigmoid = (a: Near) => through((v) => 1 / (1 + Math.exp(-v)), 0.25, a);
const tanh = (a: Near) => through(Math.tanh, 1, a);
const relu = (a: Near) => through((v) => Math.max(v, 0), 1, a);
const dot = (a: readonly Near[], b: readonly Near[]) => a.reduce((sum, x, i) => add(sum, mul(x, b[i])), ZERO);
const slopeOfSigmoid = (s: Near) => mul(s, sub(ONE, s));
const slopeOfTanh = (t: Near) => sub(ONE, mul(t, t));

const output = (values: readonly Near[]): Output => ({
  values: values.map(({ v }) => v),
  error: (i) => values[i].e,
});

/** The operands in their order, of which some are not there. */
function reader(inputs: readonly Operand[]) {
  let next = 0;
  return (there = true) => (there ? inputs[next++] : undefined);
}

/** `[.., n]`: n numbers from place `at` on. */
const slice = (x: Operand | undefined, at: number, n: number): Near[] =>
  x ? x.values.slice(at * n, at * n + n).map(exact) : new Array<Near>(n).fill(ZERO);

/** Column j of gate q of R [u, G u]. */
const column = (r: Operand, u: number, gates: number, q: number, j: number): Near[] =>
  Array.from({ length: u }, (_, i) => exact(r.values[i * gates * u + q * u + j]));
/** Row i of gate q. */
const row = (r: Operand, u: number, gates: number, q: number, i: number): Near[] =>
  Array.from({ length: u }, (_, j) => exact(r.values[i * gates * u + q * u + j]));

const units = (u: number) => Array.from({ length: u }, (_, j) => j);

interface Sizes {
  readonly m: number;
  readonly steps: number;
  readonly u: number;
}

const order = ({ steps }: Sizes, reverse: boolean) =>
  Array.from({ length: steps }, (_, s) => (reverse ? steps - 1 - s : s));

export function recurrent({ attrs, inputs, dims }: Context<OpAttrs["recurrent"]>): readonly Output[] {
  const { cell, reverse, masked, initial } = attrs;
  const gates = gatesOf(cell);
  const [m, steps, u] = dims[0];
  const next = reader(inputs);
  const z = next() as Operand;
  const r = next() as Operand;
  const bias = next(cell === Cell.Gru);
  const mask = next(masked);
  const h0 = next(initial);
  const c0 = next(initial && cell === Cell.Lstm);
  const y: Near[] = new Array(m * steps * u);
  const kept = keptOf(cell);
  const saved: Near[] = new Array(m * steps * u * kept).fill(ZERO);
  const hs: Near[] = [];
  const cs: Near[] = [];
  for (let i = 0; i < m; i++) {
    let h = slice(h0, i, u);
    let c = slice(c0, i, u);
    for (const t of order({ m, steps, u }, reverse)) {
      const at = i * steps + t;
      const given = slice(z, at, gates * u);
      const keep = (q: number, values: readonly Near[]) =>
        values.forEach((v, j) => {
          saved[(at * kept + q) * u + j] = v;
        });
      const keepGate = (values: readonly Near[], q: number) => {
        keep(q, values);
      };
      const real = mask === undefined || mask.values[at] !== 0;
      if (real) {
        const from = h;
        const sum = (q: number) => units(u).map((j) => dot(from, column(r, u, gates, q, j)));
        const gate = (q: number, j: number, s: readonly Near[]) => add(given[q * u + j], s[j]);
        if (cell === Cell.Lstm) {
          const s = [0, 1, 2, 3].map(sum);
          const [a, f, g, o] = s.map((own, q) =>
            units(u).map((j) => (q === 2 ? tanh : sigmoid)(gate(q, j, own))),
          );
          c = units(u).map((j) => add(mul(f[j], c[j]), mul(a[j], g[j])));
          const bent = c.map(tanh);
          h = units(u).map((j) => mul(o[j], bent[j]));
          [a, f, g, o, c, bent].forEach(keepGate);
        } else if (gates === 3) {
          const reset = units(u).map((j) => sigmoid(gate(0, j, sum(0))));
          const update = units(u).map((j) => sigmoid(gate(1, j, sum(1))));
          const b = slice(bias, 0, u);
          const inner = sum(2).map((v, j) => add(v, b[j]));
          const scaled = units(u).map((j) => mul(reset[j], from[j]));
          const before = units(u).map((j) => dot(scaled, column(r, u, gates, 2, j)));
          const after = units(u).map((j) => mul(reset[j], inner[j]));
          const fresh = units(u).map((j) => tanh(gate(2, j, cell === Cell.Gru ? after : before)));
          h = units(u).map((j) => add(mul(sub(ONE, update[j]), fresh[j]), mul(update[j], from[j])));
          [reset, update, fresh].forEach(keepGate);
          if (cell === Cell.Gru) keep(3, inner);
        } else {
          const s = sum(0);
          h = units(u).map((j) => (cell === Cell.RnnRelu ? relu : tanh)(gate(0, j, s)));
        }
      } else if (cell === Cell.Lstm) keep(4, c);
      h.forEach((v, j) => {
        y[at * u + j] = v;
      });
    }
    hs.push(...h);
    cs.push(...c);
  }
  return [y, hs, ...(kept > 0 ? [saved] : []), ...(cell === Cell.Lstm ? [cs] : [])].map(output);
}

/** Sums over a row of gates times their weights: the cotangent of a state that went through R. */
const back = (
  r: Operand,
  u: number,
  gates: number,
  i: number,
  parts: readonly (readonly [number, readonly Near[]])[],
) =>
  dot(
    parts.flatMap(([, values]) => values),
    parts.flatMap(([q]) => row(r, u, gates, q, i)),
  );

export function recurrentGrad({ attrs, inputs, dims }: Context<OpAttrs["recurrentGrad"]>): readonly Output[] {
  const { cell, reverse, masked, initial } = attrs;
  const gates = gatesOf(cell);
  const next = reader(inputs);
  const dy = next(attrs.ofOutputs);
  const dh = next(attrs.ofState);
  const dcLast = next(attrs.ofCell);
  const y = next() as Operand;
  const saved = next(keptOf(cell) > 0);
  const r = next() as Operand;
  const mask = next(masked);
  const h0 = next(initial);
  const c0 = next(initial && cell === Cell.Lstm);
  const [m, steps] = dims[0];
  const [, u] = dims[1];
  const dz: Near[] = new Array(m * steps * gates * u).fill(ZERO);
  const ds: Near[] = new Array(m * steps * u).fill(ZERO);
  const dh0: Near[] = [];
  const dc0: Near[] = [];
  for (let i = 0; i < m; i++) {
    let d = slice(dh, i, u);
    let dc = slice(dcLast, i, u);
    const places = order({ m, steps, u }, reverse);
    for (let s = steps - 1; s >= 0; s--) {
      const at = i * steps + places[s];
      const own = slice(dy, at, u);
      d = units(u).map((j) => add(d[j], own[j]));
      if (mask !== undefined && mask.values[at] === 0) continue;
      const before = s > 0 ? slice(y, i * steps + places[s - 1], u) : slice(h0, i, u);
      const kept = (q: number) => slice(saved, at * keptOf(cell) + q, u);
      const write = (q: number, values: readonly Near[]) =>
        values.forEach((v, j) => {
          dz[(at * gates + q) * u + j] = v;
        });
      const writeGate = (values: readonly Near[], q: number) => {
        write(q, values);
      };
      const each = (f: (j: number) => Near) => units(u).map(f);
      if (cell === Cell.Lstm) {
        const [a, f, g, o, , t] = [0, 1, 2, 3, 4, 5].map(kept);
        const cBefore = s > 0 ? slice(saved, (i * steps + places[s - 1]) * 6 + 4, u) : slice(c0, i, u);
        const e = each((j) => add(dc[j], mul(mul(d[j], o[j]), slopeOfTanh(t[j]))));
        const da = each((j) => mul(mul(e[j], g[j]), slopeOfSigmoid(a[j])));
        const df = each((j) => mul(mul(e[j], cBefore[j]), slopeOfSigmoid(f[j])));
        const dg = each((j) => mul(mul(e[j], a[j]), slopeOfTanh(g[j])));
        const dOut = each((j) => mul(mul(d[j], t[j]), slopeOfSigmoid(o[j])));
        [da, df, dg, dOut].forEach(writeGate);
        dc = each((j) => mul(e[j], f[j]));
        d = each((j) =>
          back(r, u, gates, j, [
            [0, da],
            [1, df],
            [2, dg],
            [3, dOut],
          ]),
        );
      } else if (gates === 3) {
        const [reset, update, fresh] = [0, 1, 2].map(kept);
        const from = d;
        const dUpdate = each((j) => mul(mul(from[j], sub(before[j], fresh[j])), slopeOfSigmoid(update[j])));
        const dFresh = each((j) => mul(mul(from[j], sub(ONE, update[j])), slopeOfTanh(fresh[j])));
        const around = each((j) => mul(from[j], update[j]));
        if (cell === Cell.Gru) {
          const inner = kept(3);
          const dReset = each((j) => mul(mul(dFresh[j], inner[j]), slopeOfSigmoid(reset[j])));
          const dInner = each((j) => mul(dFresh[j], reset[j]));
          dInner.forEach((v, j) => {
            ds[at * u + j] = v;
          });
          [dReset, dUpdate, dFresh].forEach(writeGate);
          d = each((j) =>
            add(
              around[j],
              back(r, u, gates, j, [
                [0, dReset],
                [1, dUpdate],
                [2, dInner],
              ]),
            ),
          );
        } else {
          const w = each((j) => back(r, u, gates, j, [[2, dFresh]]));
          const dReset = each((j) => mul(mul(w[j], before[j]), slopeOfSigmoid(reset[j])));
          [dReset, dUpdate, dFresh].forEach(writeGate);
          d = each((j) =>
            add(
              add(around[j], mul(w[j], reset[j])),
              back(r, u, gates, j, [
                [0, dReset],
                [1, dUpdate],
              ]),
            ),
          );
        }
      } else {
        const h = slice(y, at, u);
        const sum = each((j) =>
          cell === Cell.RnnRelu ? (h[j].v > 0 ? d[j] : ZERO) : mul(d[j], slopeOfTanh(h[j])),
        );
        write(0, sum);
        d = each((j) => back(r, u, gates, j, [[0, sum]]));
      }
    }
    dh0.push(...d);
    dc0.push(...dc);
  }
  const third = cell === Cell.Lstm ? [dc0] : cell === Cell.Gru ? [ds] : [];
  return [dz, dh0, ...third].map(output);
}

export function recurrentGradWeights({
  attrs: { cell, reverse, initial },
  inputs,
}: Context<OpAttrs["recurrentGradWeights"]>): readonly Output[] {
  const gates = gatesOf(cell);
  const next = reader(inputs);
  const y = next() as Operand;
  const dz = next() as Operand;
  const ds = next(cell === Cell.Gru);
  const saved = next(cell === Cell.GruBefore);
  const h0 = next(initial);
  const [m, steps, u] = y.dims;
  const dr: Near[] = new Array(u * gates * u).fill(ZERO);
  const db: Near[] = new Array(u).fill(ZERO);
  for (let i = 0; i < m; i++) {
    const places = order({ m, steps, u }, reverse);
    places.forEach((t, s) => {
      const at = i * steps + t;
      const before = s > 0 ? slice(y, i * steps + places[s - 1], u) : slice(h0, i, u);
      const reset = slice(saved, at * 3, u);
      const columns = slice(dz, at, gates * u);
      const inner = slice(ds, at, u);
      for (let j = 0; j < gates * u; j++) {
        const isThird = gates === 3 && j >= 2 * u;
        const d = isThird && cell === Cell.Gru ? inner[j - 2 * u] : columns[j];
        for (let k = 0; k < u; k++) {
          const h = isThird && cell === Cell.GruBefore ? mul(before[k], reset[k]) : before[k];
          dr[k * gates * u + j] = add(dr[k * gates * u + j], mul(h, d));
        }
      }
      for (let j = 0; j < u; j++) db[j] = add(db[j], inner[j]);
    });
  }
  return (cell === Cell.Gru ? [dr, db] : [dr]).map(output);
}
