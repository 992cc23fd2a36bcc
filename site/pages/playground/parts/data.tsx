/** The rows: toy sets, or the visitor's own table. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { LIMITS, TOY_SETS } from "../run/config.ts";
import type { Config, OwnData, ToyData, ToySet } from "../run/types.ts";
import { dropped } from "../state/dropped.ts";
import { player } from "../state/run.ts";
import { plural, shortName } from "../state/text.ts";
import { NumberField, RangeField, SelectField } from "./fields.tsx";
import { ToyPicture } from "./toy-picture.tsx";

const SET_NAMES: Readonly<Record<ToySet, string>> = {
  circles: "Circles",
  moons: "Moons",
  xor: "XOR",
  blobs: "Blobs",
  spirals: "Spirals",
  wave: "Wave",
};

/** What a toy set starts from after a table of one's own. */
const FIRST_TOY: ToyData = { kind: "toy", set: "circles", rows: 300, noise: 0.1, train: 70, seed: 1 };

const setData = (data: Config["data"]) => player.change({ data });

export function Data() {
  const { data } = player.config.value;
  // "Your own" is chosen before there is a table.
  const [wantsOwn, setWantsOwn] = useState(false);
  // The table comes back when it is chosen again.
  const lastOwn = useRef<OwnData | undefined>(undefined);
  if (data.kind === "own") lastOwn.current = data;
  if (dropped.value && !wantsOwn) setWantsOwn(true);
  const isOwn = wantsOwn || data.kind === "own";
  const toy = data.kind === "toy" ? data : FIRST_TOY;
  const notes = player.start.value?.notes ?? [];
  return (
    <section class="panel data" aria-labelledby="data-title">
      <h2 id="data-title">Data</h2>
      <fieldset class="sets">
        <legend class="unseen">Rows to learn from</legend>
        {TOY_SETS.map((set) => (
          <label key={set} class="set">
            <input
              type="radio"
              name="set"
              checked={!isOwn && toy.set === set}
              onChange={() => {
                dropped.value = undefined;
                setWantsOwn(false);
                setData({ ...toy, set });
              }}
            />
            <ToyPicture set={set} />
            <span>{SET_NAMES[set]}</span>
          </label>
        ))}
        <label class="set own">
          <input
            type="radio"
            name="set"
            checked={isOwn}
            onChange={() => {
              setWantsOwn(true);
              if (lastOwn.current) setData(lastOwn.current);
            }}
          />
          <span>Your own table</span>
        </label>
      </fieldset>
      {isOwn ? <Own data={data.kind === "own" ? data : undefined} /> : <Toy data={toy} />}
      {notes.length > 0 && (
        <ul class="notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Toy({ data }: { data: ToyData }) {
  const { rows, noise } = LIMITS;
  return (
    <div class="sliders">
      <RangeField
        label="Rows"
        {...rows}
        value={data.rows}
        text={String(data.rows)}
        onValue={(value) => setData({ ...data, rows: value })}
      />
      <RangeField
        label="Noise"
        {...noise}
        value={data.noise}
        text={data.noise.toFixed(2)}
        onValue={(value) => setData({ ...data, noise: value })}
      />
      <SplitFields data={data} seedLabel="Seed of the data" />
    </div>
  );
}

type OwnTable = typeof import("./own-table.tsx").OwnTable;

/** How the rows are split into those that train and those that test. */
function SplitFields({ data, seedLabel }: { data: ToyData | OwnData; seedLabel: string }) {
  const { train, seed } = LIMITS;
  return (
    <>
      <RangeField
        label="Training rows"
        {...train}
        value={data.train}
        text={`${data.train} %`}
        onValue={(value) => setData({ ...data, train: value })}
      />
      <NumberField
        label={seedLabel}
        value={data.seed}
        min={seed.min}
        max={seed.max}
        onValue={(value) => setData({ ...data, seed: value })}
      />
    </>
  );
}

function Own({ data }: { data: OwnData | undefined }) {
  const [isEditing, setEditing] = useState(data === undefined);
  const [Table, setTable] = useState<{ view: OwnTable }>();
  const [isRefused, setRefused] = useState(false);
  const again = useRef<HTMLButtonElement>(null);
  // The button that took the table goes with what it stands in.
  const isTaken = useRef(false);
  useLayoutEffect(() => {
    if (isTaken.current && data) {
      isTaken.current = false;
      again.current?.focus();
    }
  });
  useEffect(() => {
    import("./own-table.tsx").then(
      ({ OwnTable }) => setTable({ view: OwnTable }),
      () => setRefused(true),
    );
  }, []);
  // A table that was dropped shows the panel that reads it.
  if (dropped.value && !isEditing) setEditing(true);
  if (isRefused)
    return <p class="bad">What reads tables could not be loaded. Reload the page to try again.</p>;
  return (
    <div class="sliders">
      {data && <OwnSummary data={data} />}
      {data && (
        <button ref={again} type="button" aria-expanded={isEditing} onClick={() => setEditing(!isEditing)}>
          {isEditing ? "Keep this table" : "Another table"}
        </button>
      )}
      {(isEditing || !data) &&
        (Table ? (
          <Table.view
            onData={async (next) => {
              if (!(await setData(next))) return false;
              isTaken.current = true;
              setEditing(false);
              return true;
            }}
          />
        ) : (
          <p class="quiet">One moment …</p>
        ))}
    </div>
  );
}

function OwnSummary({ data }: { data: OwnData }) {
  const numbers = data.columns.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const [x, y] = data.axes;
  return (
    <>
      <p>
        {plural(data.target.cells.length, "row")}, {plural(data.columns.length, "input")}, target{" "}
        <strong>
          <bdi>{shortName(data.target.name)}</bdi>
        </strong>
      </p>
      {numbers.length > 1 && (
        <div class="fields">
          <Axis
            label="Across"
            value={x}
            names={numbers}
            onValue={(name) => setData({ ...data, axes: [name, y] })}
          />
          <Axis
            label="Up"
            value={y}
            names={numbers}
            onValue={(name) => setData({ ...data, axes: [x, name] })}
          />
        </div>
      )}
      <SplitFields data={data} seedLabel="Seed of the split" />
    </>
  );
}

interface AxisProps {
  readonly label: string;
  readonly value: string;
  readonly names: readonly string[];
  onValue(name: string): void;
}

const Axis = ({ label, value, names, onValue }: AxisProps) => (
  <SelectField
    label={label}
    value={value}
    options={names.map((name) => [name, shortName(name)])}
    onValue={onValue}
  />
);
