/** The network: its picture, its layers, and how it trains. */
import { effect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { NetworkPainter } from "../draw/network.ts";
import { palette } from "../draw/palette.ts";
import { Sheet, sparing } from "../draw/sheet.ts";
import { LIMITS } from "../run/config.ts";
import { ACTIVATIONS, type ActivationName, type LayerConfig } from "../run/types.ts";
import { isShown } from "../state/here.ts";
import { player } from "../state/run.ts";
import { announce } from "../state/status.ts";
import { plural } from "../state/text.ts";
import { NumberField, numberOptions, SelectField } from "./fields.tsx";
import { Icon } from "./icons.tsx";
import { Disclosed } from "./stage.tsx";
import { WeightsTable } from "./tables.tsx";
import { Training } from "./training.tsx";

export const ACTIVATION_NAMES: Readonly<Record<ActivationName, string>> = {
  tanh: "tanh",
  relu: "relu",
  sigmoid: "sigmoid",
  leakyRelu: "leaky relu",
  gelu: "gelu",
  linear: "linear",
};
/** From here on the picture is taller. */
const MANY_UNITS = 16;
const DROPOUTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5];

export function Network() {
  const parameters = player.start.value?.parameters;
  return (
    <section class="panel network" aria-labelledby="network-title">
      <h2 id="network-title">
        Network <span class="quiet beside">{parameters ? plural(parameters, "parameter") : ""}</span>
      </h2>
      {isShown("network") && (
        <>
          <Picture />
          <Layers />
          {isShown("tables") && <Disclosed summary="Weights as a table" Content={WeightsTable} />}
        </>
      )}
      {isShown("training") && <Training />}
    </section>
  );
}

function Picture() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [leavesOut, setLeavesOut] = useState(false);
  useEffect(() => {
    const sheet = new Sheet(canvas.current!, () => player.redraw());
    const painter = new NetworkPainter();
    let frame = player.frame.value;
    const paint = () => {
      if (!frame || !sheet.clear()) return;
      painter.paint(sheet.context, sheet.width, sheet.height, frame, player.start.value, palette.value);
      setLeavesOut(painter.leftOut);
    };
    const paintSparingly = sparing(paint);
    const undraw = player.onDraw((next) => {
      if (next.weights.length === 0) return;
      frame = next;
      if (player.isRunning.value) paintSparingly();
      else paint();
    });
    const unwatch = effect(() => {
      palette.value;
      paint();
    });
    return () => {
      unwatch();
      undraw();
      sheet.close();
    };
  }, []);
  const { layers } = player.config.value;
  return (
    <figure class={layers.some(({ units }) => units > MANY_UNITS) ? "picture tall" : "picture"}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`Inputs on the left, ${plural(layers.length, "hidden layer")}, outputs on the right`}
      />
      <figcaption class="quiet">
        Each tile shows one unit over the plane; an empty one gives 0 everywhere. Lines are weights:{" "}
        <span class="key key-positive">positive</span> <span class="key key-negative">negative</span>, wider
        where larger
        {leavesOut ? "; only the largest are drawn" : ""}.
      </figcaption>
    </figure>
  );
}

let made = 0;
const newId = () => ++made;

function Layers() {
  const { layers } = player.config.value;
  const list = useRef<HTMLOListElement>(null);
  const ids = useRef<number[]>([]);
  const focusOn = useRef<{ layer: number; button: string } | undefined>(undefined);
  while (ids.current.length < layers.length) ids.current.push(newId());
  ids.current.length = layers.length;

  // Focus follows what the button did: to the layer that moved, or to the next one that can be removed.
  useLayoutEffect(() => {
    const to = focusOn.current;
    if (!to) return;
    focusOn.current = undefined;
    const row = list.current?.children[Math.min(to.layer, layers.length - 1)];
    const button = row?.querySelector<HTMLElement>(`[data-does=${to.button}]`);
    (button ?? document.getElementById("add-layer"))?.focus();
  });

  const set = (next: LayerConfig[], text: string) => {
    player.change({ layers: next });
    announce(text);
  };
  const change = (index: number, layer: LayerConfig) =>
    set(
      layers.map((old, at) => (at === index ? layer : old)),
      `Layer ${index + 1} changed`,
    );
  const add = () => {
    if (layers.length >= LIMITS.layers.max) return;
    const last = layers.at(-1) ?? { units: 4, activation: "tanh" };
    set(
      [...layers, { units: last.units, activation: last.activation }],
      `Layer added: ${plural(layers.length + 1, "layer")}`,
    );
  };
  const remove = (index: number) => {
    ids.current.splice(index, 1);
    focusOn.current = { layer: index, button: "remove" };
    set(
      layers.filter((_, at) => at !== index),
      `Layer removed: ${plural(layers.length - 1, "layer")}`,
    );
  };
  const move = (index: number, by: -1 | 1) => {
    const to = index + by;
    if (to < 0 || to >= layers.length) return;
    const next = [...layers];
    [next[index], next[to]] = [next[to]!, next[index]!];
    [ids.current[index], ids.current[to]] = [ids.current[to]!, ids.current[index]!];
    focusOn.current = { layer: to, button: by < 0 ? "up" : "down" };
    set(next, `Moved to layer ${to + 1}`);
  };
  const isFull = layers.length >= LIMITS.layers.max;
  return (
    <div class="layers">
      <h3>Hidden layers</h3>
      {layers.length === 0 && <p class="quiet">None: the inputs lead straight to the outputs.</p>}
      <ol ref={list}>
        {layers.map((layer, index) => (
          <li key={ids.current[index]} aria-label={`Layer ${index + 1}`}>
            <Layer
              layer={layer}
              index={index}
              last={layers.length - 1}
              onChange={(next) => change(index, next)}
              onMove={(by) => move(index, by)}
              onRemove={() => remove(index)}
            />
          </li>
        ))}
      </ol>
      <button id="add-layer" type="button" aria-disabled={isFull} onClick={add}>
        <Icon name="add" />
        {isFull ? `${LIMITS.layers.max} layers at most` : "Add layer"}
      </button>
    </div>
  );
}

interface LayerProps {
  readonly layer: LayerConfig;
  readonly index: number;
  readonly last: number;
  onChange(layer: LayerConfig): void;
  onMove(by: -1 | 1): void;
  onRemove(): void;
}

function Layer({ layer, index, last, onChange, onMove, onRemove }: LayerProps) {
  const { units, activation, normalization, dropout = 0 } = layer;
  const name = `layer ${index + 1}`;
  const extras = [
    ...(normalization ? [`${normalization} norm`] : []),
    ...(dropout > 0 ? [`dropout ${dropout}`] : []),
  ];
  const change = (changes: Partial<LayerConfig>) => {
    const next = { ...layer, ...changes };
    onChange({
      units: next.units,
      activation: next.activation,
      ...(next.normalization && { normalization: next.normalization }),
      ...(next.dropout && { dropout: next.dropout }),
    });
  };
  return (
    <>
      <span class="number" aria-hidden="true">
        {index + 1}
      </span>
      <NumberField
        label={`Units of ${name}`}
        name="Units"
        hidesLabel
        value={units}
        min={LIMITS.units.min}
        max={LIMITS.units.max}
        onValue={(value) => change({ units: value })}
      />
      <SelectField
        label={`Activation of ${name}`}
        hidesLabel
        value={activation}
        options={ACTIVATIONS.map((option) => [option, ACTIVATION_NAMES[option]])}
        onValue={(value) => change({ activation: value })}
      />
      <details class="extras">
        <summary>
          {extras.length > 0 ? extras.join(", ") : "Norm, dropout"}
          <span class="unseen"> of {name}</span>
        </summary>
        <div class="row">
          <SelectField
            label="Normalization"
            value={normalization ?? "none"}
            options={[
              ["none", "none"],
              ["batch", "batch"],
              ["layer", "layer"],
            ]}
            onValue={(value) => change({ normalization: value === "none" ? undefined : value })}
          />
          <SelectField
            label="Dropout"
            value={dropout}
            options={numberOptions(DROPOUTS, dropout)}
            onValue={(value) => change({ dropout: value })}
          />
        </div>
      </details>
      <span class="acts">
        <button
          type="button"
          class="small"
          data-does="up"
          aria-label={`Move ${name} earlier`}
          title="Earlier"
          aria-disabled={index === 0}
          onClick={() => onMove(-1)}
        >
          <Icon name="up" />
        </button>
        <button
          type="button"
          class="small"
          data-does="down"
          aria-label={`Move ${name} later`}
          title="Later"
          aria-disabled={index === last}
          onClick={() => onMove(1)}
        >
          <Icon name="down" />
        </button>
        <button
          type="button"
          class="small"
          data-does="remove"
          aria-label={`Remove ${name}`}
          title="Remove"
          onClick={onRemove}
        >
          <Icon name="remove" />
        </button>
      </span>
    </>
  );
}
