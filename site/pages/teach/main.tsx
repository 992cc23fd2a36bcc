/** The page "Teach": what one sees and does. What learns is `teach.ts`. */
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Classification, isSupported } from "wasmgrad";
import { saveFile } from "../../common/save-file.ts";
import { Answers } from "./answers.tsx";
import { keep } from "./keep.ts";
import { CANNOT_KEEP, type Opening, opening } from "./opening.ts";
import { READY, type ReadyName, readyDrawing } from "./ready.ts";
import { ShapeCard } from "./shape-card.tsx";
import {
  canTeach,
  drawingsIn,
  FEWEST,
  filledShapes,
  firstShapes,
  hasLine,
  MOST,
  MOST_DRAWINGS,
  programOf,
  renamed,
  withDrawing,
  withoutDrawing,
  withoutShape,
  withShape,
} from "./shapes.ts";
import { Sheet } from "./sheet.tsx";
import { answer, type Drawing, type Model, type Shape, teach } from "./teach.ts";
import "./teach.css";

/** How long undo remembers. */
const REMEMBERED = 50;

const canLearn = isSupported();
const CANNOT_LEARN =
  "This browser cannot learn: it has no WebAssembly with SIMD, or forbids it. Update it, or open this page in another one.";

function Teach({ shapes: first, taught: before, note: firstNote, canKeep }: Opening) {
  const [shapes, setShapes] = useState(first);
  const [past, setPast] = useState<readonly (readonly Shape[])[]>([]);
  const [drawing, setDrawing] = useState<Drawing>([]);
  const [taught, setTaught] = useState(before);
  const [note, setNote] = useState(firstNote);
  const [said, setSaid] = useState("");
  const ready = useRef<HTMLSelectElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const readyCount = useRef(0);
  const reopened = useRef(before);

  const change = (to: readonly Shape[], done = "") => {
    if (to === shapes) return;
    setPast([...past, shapes].slice(-REMEMBERED));
    setShapes(to);
    setNote(done);
  };

  useEffect(() => {
    if (reopened.current) {
      reopened.current = undefined;
      return;
    }
    const stop = new AbortController();
    const learn = async () => {
      let file: Uint8Array | undefined;
      if (canLearn && canTeach(shapes)) {
        const start = performance.now();
        const model = await teach(shapes, stop.signal);
        const milliseconds = Math.max(1, Math.round(performance.now() - start));
        setTaught({ model, note: `Learned from ${drawingsIn(shapes)} drawings in ${milliseconds} ms.` });
        file = model.save();
      } else setTaught(undefined);
      if (canKeep) await keep({ shapes, file }).catch(() => setNote(CANNOT_KEEP));
    };
    learn().catch((error) => {
      if (!stop.signal.aborted) setNote(`It could not learn: ${error.message}. Undo the last change.`);
    });
    return () => stop.abort();
  }, [shapes]);

  const answersOf = (of: Drawing) => (taught && hasLine(of) ? answer(taught.model, of) : []);
  const bestOf = (answers: readonly Classification[]) =>
    answers.find(({ probability }) => answers.every((other) => other.probability <= probability));
  const answers = answersOf(drawing);
  const best = bestOf(answers);
  const draw = (to: Drawing, hasEnded: boolean) => {
    setDrawing(to);
    if (!hasEnded) return;
    const now = bestOf(answersOf(to));
    setSaid(now ? `Looks like ${now.label}: ${Math.round(now.probability * 100)} %` : "");
  };
  const add = (at: number) => {
    if (drawing.length === 0) return setSaid("Draw something first, or take a ready-made drawing.");
    if (!hasLine(drawing)) return setSaid("A dot is no shape: draw a line.");
    if (shapes[at].drawings.length >= MOST_DRAWINGS)
      return setSaid(
        `${MOST_DRAWINGS} drawings of ${shapes[at].name} are enough: delete one before you add another.`,
      );
    change(withDrawing(shapes, at, drawing));
    draw([], true);
  };
  const undo = () => {
    if (past.length === 0) return setNote("Nothing to undo.");
    setShapes(past[past.length - 1]);
    setPast(past.slice(0, -1));
    setNote("Undone.");
  };
  const exported = (does: (model: Model) => void) =>
    taught
      ? does(taught.model)
      : setNote(canLearn ? "There is no model yet: draw at least two shapes first." : CANNOT_LEARN);
  const begin = canLearn ? "Draw each shape five times, and press its name each time." : CANNOT_LEARN;

  return (
    <div class="teach">
      <section aria-labelledby="draw">
        <h2 id="draw">Draw</h2>
        <Sheet drawing={drawing} onDraw={draw} />
        <p class="said" role="status">
          {said}
        </p>
        <p class="quiet">Which one is it? Press its name: the drawing is added, and learned.</p>
        <Answers shapes={shapes} answers={answers} best={best} onAdd={add} />
        <p class="note" role="status">
          {taught?.note ?? begin}
        </p>
        <div class="row">
          <button type="button" onClick={() => draw(drawing.slice(0, -1), true)}>
            Undo stroke
          </button>
          <button type="button" onClick={() => draw([], true)}>
            Erase
          </button>
        </div>
        <div class="row">
          <label for="ready">Ready-made</label>
          <select id="ready" ref={ready}>
            {READY.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
          <button
            type="button"
            onClick={() => draw(readyDrawing(ready.current?.value as ReadyName, ++readyCount.current), true)}
          >
            Draw it for me
          </button>
        </div>
      </section>
      <section aria-labelledby="shapes">
        <h2 id="shapes" tabIndex={-1} ref={heading}>
          Your shapes
        </h2>
        <ul class="shapes">
          {shapes.map((shape, at) => (
            <ShapeCard
              key={at}
              shape={shape}
              number={at + 1}
              onRename={(name) => change(renamed(shapes, at, name))}
              onDelete={(index) =>
                change(withoutDrawing(shapes, at, index), `A drawing of ${shape.name} was deleted.`)
              }
              onRemove={() => {
                if (shapes.length === FEWEST)
                  return setNote("Two shapes are the fewest: add another one first.");
                change(withoutShape(shapes, at), `${shape.name} was removed.`);
                heading.current?.focus();
              }}
            />
          ))}
        </ul>
        <div class="row">
          <button
            type="button"
            onClick={() =>
              shapes.length < MOST
                ? change(withShape(shapes))
                : setNote(`${MOST} shapes are the most: remove one first.`)
            }
          >
            Add a shape
          </button>
          <button
            type="button"
            onClick={() => change(filledShapes(), "Filled in circles, triangles and stars.")}
          >
            Fill in examples
          </button>
          <button type="button" onClick={undo}>
            Undo
          </button>
          <button type="button" onClick={() => dialog.current?.showModal()}>
            Clear all
          </button>
        </div>
        <p class="note" role="status">
          {note}
        </p>
        {taught && (
          <p class="quiet">
            Your model: <code>{taught.model.digest().slice(0, 12)}</code>. The same drawings in the same order
            give these same bits on every machine.
          </p>
        )}
        <div class="row">
          <button
            type="button"
            onClick={() =>
              exported((model) =>
                saveFile(
                  "shapes.safetensors",
                  model.save() as Uint8Array<ArrayBuffer>,
                  "application/octet-stream",
                ),
              )
            }
          >
            Download the model
          </button>
          <button
            type="button"
            onClick={() =>
              exported(() =>
                saveFile(
                  "shapes.ts",
                  programOf(document.querySelector("#program code")?.textContent ?? "", shapes),
                  "text/typescript",
                ),
              )
            }
          >
            Download the program
          </button>
        </div>
      </section>
      <dialog ref={dialog} aria-labelledby="clear">
        <p id="clear">Delete all shapes and drawings? Undo brings them back until you leave the page.</p>
        <form method="dialog" class="row">
          <button type="submit">Keep them</button>
          <button
            type="submit"
            class="primary"
            onClick={() => {
              change(firstShapes, "Everything was cleared.");
              draw([], true);
            }}
          >
            Clear all
          </button>
        </form>
      </dialog>
    </div>
  );
}

const place = document.querySelector("#teach");
if (!place) throw new Error("teach: the page has no #teach");
const opened = await opening(canLearn);
place.replaceChildren();
render(<Teach {...opened} />, place);
