/** What canvases show, as tables: the surface at some points, the weights of a layer. They follow the run slowly. */
import { useEffect, useState } from "preact/hooks";
import type { Frame } from "../run/types.ts";
import { player } from "../state/run.ts";
import { number, shortName, shortNumber } from "../state/text.ts";
import { SelectField } from "./fields.tsx";
import { Scroller } from "./scroller.tsx";

/** Milliseconds between changes of a table while training. */
const EVERY = 2_000;
/** Points of the surface along each axis. */
const POINTS = 9;

/** The newest whole frame: at once while the run stands, every two seconds while it trains. */
function useSlowFrame(isWhole: (frame: Frame) => boolean = () => true): Frame | undefined {
  const [frame, setFrame] = useState(player.frame.value);
  useEffect(() => {
    let last = 0;
    return player.frame.subscribe((next) => {
      const now = performance.now();
      if (!next || !isWhole(next) || (player.isRunning.value && now - last < EVERY)) return;
      last = now;
      setFrame(next);
    });
  }, [isWhole]);
  return frame;
}

export function SurfaceTable() {
  const frame = useSlowFrame();
  const start = player.start.value;
  const [x, y = x] = start?.axes ?? [];
  if (!frame || !start || !x || !y) return null;
  const depth = start.task === "classes" && start.outputs.length > 2 ? start.outputs.length : 1;
  const grid = Math.round(Math.sqrt(frame.surface.length / depth));
  const cellOf = (point: number) => Math.min(grid - 1, Math.round(((point + 0.5) / POINTS) * grid - 0.5));
  const middle = ({ min, max }: { min: number; max: number }, cell: number) =>
    shortNumber(min + ((cell + 0.5) / grid) * (max - min));
  const textAt = (row: number, column: number): string => {
    const at = (row * grid + column) * depth;
    const value = frame.surface[at]!;
    if (start.task === "numbers") return number(value);
    if (depth === 1) return shortName(start.outputs[value >= 0.5 ? 1 : 0] ?? "", 10);
    let best = 0;
    for (let index = 1; index < depth; index++)
      if (frame.surface[at + index]! > frame.surface[at + best]!) best = index;
    return shortName(start.outputs[best] ?? "", 10);
  };
  const points = Array.from({ length: POINTS }, (_, point) => cellOf(point));
  return (
    <Scroller label="Surface">
      <table>
        <caption>
          What the model says at {POINTS} x {POINTS} points of <bdi>{shortName(x.name)}</bdi> (across) and{" "}
          <bdi>{shortName(y.name)}</bdi> (down).
        </caption>
        <thead>
          <tr>
            <td />
            {points.map((column) => (
              <th scope="col" key={column}>
                {middle(x, column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...points].reverse().map((row) => (
            <tr key={row}>
              <th scope="row">{middle(y, row)}</th>
              {points.map((column) => (
                <td key={column}>{textAt(row, column)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroller>
  );
}

const hasWeights = (frame: Frame) => frame.weights.length > 0;

export function WeightsTable() {
  const frame = useSlowFrame(hasWeights);
  const [chosen, setLayer] = useState(0);
  const start = player.start.value;
  if (!frame || !start || !hasWeights(frame)) return null;
  const last = frame.weights.length - 1;
  const layer = Math.min(chosen, last);
  const { weight, bias } = frame.weights[layer]!;
  const units = bias.length;
  const inputs = weight.length / units;
  const inputName = (index: number) =>
    layer === 0 && start.inputs.length === inputs
      ? shortName(start.inputs[index]!)
      : `${layer === 0 ? "Input" : "Unit"} ${index + 1}`;
  return (
    <>
      <SelectField
        label="Layer"
        value={layer}
        options={frame.weights.map((_, index) => [
          index,
          index === last ? "Output layer" : `Layer ${index + 1}`,
        ])}
        onValue={(next) => setLayer(Number(next))}
      />
      <Scroller label="Weights">
        <table>
          <caption>Weights from each input (rows) to each unit (columns).</caption>
          <thead>
            <tr>
              <td />
              {Array.from(bias, (_, unit) => (
                <th scope="col" key={unit}>
                  Unit {unit + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {Array.from({ length: inputs }, (_, input) => (
              <tr key={input}>
                <th scope="row">
                  <bdi>{inputName(input)}</bdi>
                </th>
                {Array.from(bias, (_, unit) => (
                  <td key={unit}>{number(weight[input * units + unit]!)}</td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">Bias</th>
              {Array.from(bias, (value, unit) => (
                <td key={unit}>{number(value)}</td>
              ))}
            </tr>
          </tbody>
        </table>
      </Scroller>
    </>
  );
}
