import { describe } from "../describe.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { type Rule, readOptions, refuseMore, STRING } from "../options.ts";
import type { PlannedVariable } from "../plan/planned.ts";
import { Predictor } from "../program/predictor.ts";
import type { Program } from "../program/program.ts";

export interface CopyParametersOptions {
  /** How far each parameter of the target goes towards that of the source, in [0, 1]. Default: 1, a copy. */
  readonly mix?: number;
  /** The layer or part of the source to read: `"online"` for `online.dense1.weight`. Default: the whole source. */
  readonly from?: string;
  /** The layer or part of the target to write. Default: the whole target. */
  readonly to?: string;
}

/** Where a parameter of the target comes from. */
interface Pair {
  readonly source: PlannedVariable;
  readonly target: PlannedVariable;
}

/** The last pairs that each target was given. */
interface Pairing {
  readonly source: Program;
  readonly from: string;
  readonly to: string;
  readonly pairs: readonly Pair[];
}

const pairings = /* @__PURE__ */ new WeakMap<Program, Pairing>();

const MIX: Rule = ["in [0, 1]", (n: number) => n >= 0 && n <= 1];

/**
 * Moves parameters of one program towards those of another, by name: target networks (Lillicrap et al. 2015,
 * https://arxiv.org/abs/1509.02971), or a copy.
 *
 *   target <- target + mix (source - target), in f64, then rounded to f32; with mix 1 the value itself
 *
 * Each parameter of the target under `to` takes the one of the same name under `from`; the source may have others. Slots and
 * counters of an optimizer stay as they are. Parts of one program go, too: `copyParameters(net, net, { from: "online", to: "target" })`.
 *
 * @throws OptionError for a parameter that the source does not have, ShapeError for one of another shape, BusyError while a
 *   `fit` of the target is under way; then nothing changes
 * @example
 * const net = sequential({ input: [4] }, [dense(16, { activation: "relu" }), dense(2)]);
 * const online = compile(net, { loss: huber(), optimizer: adam() });
 * const target = compile(net);
 * copyParameters(online, target);
 * online.step({ x: [[0, 0, 0, 0]], y: [[1, 2]] });
 * copyParameters(online, target, { mix: 0.005 });
 */
export function copyParameters<X, P, Y, Q>(
  source: Predictor<X, P>,
  target: Predictor<Y, Q>,
  options: CopyParametersOptions = {},
): void {
  refuseMore(WHO, arguments, 3);
  const { mix, from, to } = readOptions(WHO, options, {
    mix: [1, MIX],
    from: ["", STRING],
    to: ["", STRING],
  });
  for (const one of [source, target])
    if (!(one instanceof Predictor))
      throw new OptionError(`${WHO}: source and target must be trainers or predictors; got ${describe(one)}`);
  source.program.checkAlive(WHO);
  target.program.checkAlive(WHO);
  target.checkIdle(WHO);
  const pairs = pairsOf(source.program, target.program, from, to);
  for (const { source: read, target: written } of pairs)
    move(source.program.f32, read.offset >>> 2, target.program.f32, written.offset >>> 2, read.elements, mix);
  if (pairs.some((pair) => pair.target.role === "frozen")) target.program.states.refresh();
}

const WHO = "copyParameters";

function move(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  count: number,
  mix: number,
): void {
  for (let i = 0; i < count; i++) {
    const value = source[from + i];
    const own = target[to + i];
    // In f64 the difference may lose a small value beside a large one.
    target[to + i] = mix === 1 ? value : own + mix * (value - own);
  }
}

function pairsOf(source: Program, target: Program, from: string, to: string): readonly Pair[] {
  const last = pairings.get(target);
  if (last && last.source === source && last.from === from && last.to === to) return last.pairs;
  const under = (name: string, scope: string) =>
    scope === "" || name === scope || name.startsWith(`${scope}.`);
  const all = target.plan.variables;
  const written = all.filter(({ name }) => under(name, to));
  if (written.length === 0)
    throw new OptionError(
      `${WHO}: to must name a part of the target; got ${describe(to)}: it has ${all.map(({ name }) => name).join(", ")}`,
    );
  const pairs = written.map((variable): Pair => {
    const rest = to === "" ? `.${variable.name}` : variable.name.slice(to.length);
    const name = from === "" ? rest.slice(1) : from + rest;
    const found = source.plan.variables.find((one) => one.name === name);
    if (!found)
      throw new OptionError(
        `${WHO}: the source must have what ${variable.name} is to be; got no ${name} in it`,
      );
    if (!sameShape(found.shape, variable.shape))
      throw new ShapeError(
        `${WHO}: ${name} must have the shape of ${variable.name} in the target, ${formatShape(variable.shape)}; ` +
          `got ${formatShape(found.shape)}`,
      );
    return { source: found, target: variable };
  });
  pairings.set(target, { source, from, to, pairs });
  return pairs;
}
