/** The visitor's own table: pasted, dropped or chosen; then which column is the target, and which are inputs. */
import { useEffect, useId, useState } from "preact/hooks";
import {
  inputsBeside,
  readTable,
  suggestChoice,
  type OwnTable as Table,
  type TableChoice,
  tasksOf,
  toOwnData,
} from "../run/csv.ts";
import type { OwnColumn, OwnData, Task } from "../run/types.ts";
import { dropped } from "../state/dropped.ts";
import { announce } from "../state/status.ts";
import { count, plural, shortName } from "../state/text.ts";
import { SelectField } from "./fields.tsx";

/** @param onData  takes the data, and says whether they train */
export function OwnTable({ onData }: { onData(data: OwnData): Promise<boolean> }) {
  const id = useId();
  const [text, setText] = useState("");
  const [table, setTable] = useState<Table>();
  const [chosen, setChosen] = useState<TableChoice>();
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [fault, setFault] = useState<string>();
  const [isOver, setOver] = useState(false);

  const read = async (source: string | File) => {
    setFault(undefined);
    try {
      const next = await readTable(source);
      setTable(next);
      const { notes: left, ...suggested } = suggestChoice(next);
      setChosen(suggested);
      setNotes([...next.notes, ...left]);
      announce(`Table read: ${plural(next.rows, "row")}, ${plural(next.columns.length, "column")}`);
    } catch (error) {
      setTable(undefined);
      setFault((error as Error).message);
    }
  };
  // One that was dropped elsewhere on the page.
  const file = dropped.value;
  useEffect(() => {
    if (!file) return;
    dropped.value = undefined;
    void read(file);
  }, [file]);
  const use = async () => {
    if (!table || !chosen) return;
    try {
      if (await onData(toOwnData(table, chosen).data)) announce("Training on your table");
    } catch (error) {
      setFault((error as Error).message);
    }
  };
  return (
    <section
      aria-label="Your own table"
      class={isOver ? "own-table over" : "own-table"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file) void read(file);
      }}
    >
      <label for={`${id}-text`}>Paste a table (CSV), or drop a file here</label>
      <textarea
        id={`${id}-text`}
        rows={5}
        spellcheck={false}
        value={text}
        placeholder={"width,height,kind\n1.2,0.7,a\n0.4,1.9,b"}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="row">
        <button type="button" onClick={() => void read(text)}>
          Read the table
        </button>
        <label class="button file">
          Choose a file
          <input
            type="file"
            accept=".csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              // So that the same one can be chosen again.
              event.currentTarget.value = "";
              if (file) void read(file);
            }}
          />
        </label>
      </div>
      <p class="quiet">It stays in this page. A link to the run contains the rows that are used.</p>
      <div role="alert">{fault && <p class="bad">{fault}</p>}</div>
      {table && chosen && (
        <Columns table={table} chosen={chosen} notes={notes} onChosen={setChosen} onUse={() => void use()} />
      )}
    </section>
  );
}

interface ColumnsProps {
  readonly table: Table;
  readonly chosen: TableChoice;
  readonly notes: readonly string[];
  onChosen(chosen: TableChoice): void;
  onUse(): void;
}

function Columns({ table, chosen, notes, onChosen, onUse }: ColumnsProps) {
  const { target, inputs, axes } = chosen;
  const isNumber = (name: string) => table.columns.find((column) => column.name === name)?.kind === "number";
  const change = (changes: Partial<TableChoice>) => {
    const next = { ...chosen, ...changes };
    const used = next.inputs.filter((name) => name !== next.target);
    const numbers = used.filter(isNumber);
    const [x = numbers[0] ?? "", y = numbers[1] ?? numbers[0] ?? ""] = next.axes.filter((name) =>
      numbers.includes(name),
    );
    onChosen({ target: next.target, inputs: used, axes: [x, y], task: next.task });
  };
  const column = table.columns.find(({ name }) => name === target);
  const tasks = column ? tasksOf(column) : [];
  const numbers = inputs.filter(isNumber);
  const options = (names: readonly string[]) => names.map((name) => [name, shortName(name)] as const);
  return (
    <div class="columns">
      <SelectField
        label="Target: what is to be learned"
        value={target}
        options={options(table.columns.map(({ name }) => name))}
        onValue={(name) =>
          change({ target: name, inputs: inputsBeside(name, table, chosen), task: undefined })
        }
      />
      {tasks.length > 1 && (
        <SelectField
          label="Its values are"
          value={chosen.task ?? tasks[0]}
          options={tasks.map((task) => [task, VALUES[task]])}
          onValue={(task) => change({ task })}
        />
      )}
      <p class="quiet">{learntAs(table, chosen)}</p>
      <fieldset>
        <legend>Inputs</legend>
        {table.columns
          .filter(({ name }) => name !== target)
          .map((column) => (
            <label key={column.name} class="check">
              <input
                type="checkbox"
                checked={inputs.includes(column.name)}
                onChange={(event) =>
                  change({
                    inputs: table.columns
                      .map(({ name }) => name)
                      .filter((name) =>
                        name === column.name ? event.currentTarget.checked : inputs.includes(name),
                      ),
                  })
                }
              />
              <bdi title={column.name}>{shortName(column.name)}</bdi>
              <span class="quiet">{kindOf(column)}</span>
            </label>
          ))}
      </fieldset>
      {numbers.length > 2 && (
        <div class="fields">
          <SelectField
            label="Across"
            value={axes[0]}
            options={options(numbers)}
            onValue={(name) => change({ axes: [name, axes[1]] })}
          />
          <SelectField
            label="Up"
            value={axes[1]}
            options={options(numbers)}
            onValue={(name) => change({ axes: [axes[0], name] })}
          />
        </div>
      )}
      {notes.map((note) => (
        <p key={note} class="quiet">
          {note}
        </p>
      ))}
      <button type="button" class="primary" onClick={onUse}>
        Use this table
      </button>
    </div>
  );
}

const VALUES: Readonly<Record<Task, string>> = { classes: "classes", numbers: "numbers" };

/** How the target would be learned, and of which rows. */
function learntAs(table: Table, chosen: TableChoice): string {
  try {
    const { data, notes } = toOwnData(table, chosen);
    const { target } = data;
    const learned =
      target.kind === "number"
        ? "Learned as a number."
        : `Learned as ${plural(new Set(target.cells).size, "class", "classes")}.`;
    return [learned, ...notes].join(" ");
  } catch (error) {
    return (error as Error).message;
  }
}

function kindOf(column: OwnColumn): string {
  const cells: readonly (number | string | null)[] = column.cells;
  const missing = cells.filter((cell) => cell === null).length;
  const kind =
    column.kind === "number" ? "number" : plural(new Set(cells.filter((cell) => cell !== null)).size, "word");
  return missing > 0 ? `${kind}, ${count(missing)} missing` : kind;
}
