/** The result: surface and rows, legend, figures, the chart of the loss, and the surface as a table. */
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { palette } from "../draw/palette.ts";
import { shapePath } from "../draw/points.ts";
import { Sheet } from "../draw/sheet.ts";
import { StagePainter } from "../draw/stage.ts";
import { scaleOf } from "../draw/surface.ts";
import type { Start } from "../run/types.ts";
import { isShown } from "../state/here.ts";
import { player } from "../state/run.ts";
import { count, duration, number, score, shortName, shortNumber } from "../state/text.ts";
import { Chart } from "./chart.tsx";
import { SurfaceTable } from "./tables.tsx";

export function Result() {
  return (
    <section class="panel result" aria-labelledby="result-title">
      <h2 id="result-title">Result</h2>
      <Stage />
      {isShown("figures") && <Figures />}
      {isShown("chart") && <Chart />}
      {isShown("tables") && <Disclosed summary="Surface as a table" Content={SurfaceTable} />}
    </section>
  );
}

/** What is behind a summary; made when it is opened. */
export function Disclosed({ summary, Content }: { summary: string; Content: () => preact.ComponentChild }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && <Content />}
    </details>
  );
}

function Stage() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const start = player.start.value;
  useEffect(() => {
    const sheet = new Sheet(canvas.current!, () => player.redraw());
    const painter = new StagePainter();
    const undraw = player.onDraw((frame, from) => {
      if (sheet.clear()) painter.paint(sheet.context, sheet.width, sheet.height, frame, from, palette.value);
    });
    const unwatch = effect(() => {
      palette.value;
      player.redraw();
    });
    return () => {
      unwatch();
      undraw();
      sheet.close();
    };
  }, []);
  const [x, y = x] = start?.axes ?? [];
  const nameX = x ? shortName(x.name) : "";
  const nameY = y ? shortName(y.name) : "";
  return (
    <figure class="stage">
      <div class="axis axis-y" aria-hidden="true">
        <span>{y ? shortNumber(y.max) : ""}</span>
        <bdi class="name">{nameY}</bdi>
        <span>{y ? shortNumber(y.min) : ""}</span>
      </div>
      <canvas
        ref={canvas}
        id="stage"
        role="img"
        aria-label={
          start
            ? `${start.task === "classes" ? "Decision surface" : "Predicted numbers"} over ${nameX} and ${nameY}`
            : "Stage"
        }
      />
      <div class="axis axis-x" aria-hidden="true">
        <span>{x ? shortNumber(x.min) : ""}</span>
        <bdi class="name">{nameX}</bdi>
        <span>{x ? shortNumber(x.max) : ""}</span>
      </div>
      <figcaption>{start && <Legend start={start} />}</figcaption>
    </figure>
  );
}

function Legend({ start }: { start: Start }) {
  const colors = palette.value.classes;
  const trained = start.train.values.length;
  const tested = start.test.values.length;
  return (
    <ul class="legend">
      {start.task === "classes" ? (
        start.outputs.map((name, index) => (
          <li key={name}>
            <svg viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
              <path d={shapePath(index, 5.4)} fill={colors[index % colors.length]} />
            </svg>
            <bdi title={name}>{shortName(name)}</bdi>
          </li>
        ))
      ) : (
        <li>
          <span>{shortNumber(scaleOf(start).low)}</span>
          <span class="scale" aria-hidden="true" />
          <span>{shortNumber(scaleOf(start).high)}</span>
          <bdi>{shortName(start.outputs[0] ?? "")}</bdi>
        </li>
      )}
      <li class="quiet">
        filled: {count(trained)} training rows, hollow: {count(tested)} test rows
      </li>
    </ul>
  );
}

function Figures() {
  const frame = player.figures.value;
  const start = player.start.value;
  if (!frame || !start) return <div class="figures" />;
  const { loss, score: scores } = frame;
  return (
    <div class="figures">
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">Training rows</th>
            <th scope="col">Test rows</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Loss</th>
            <td>{number(loss.train)}</td>
            <td>{number(loss.test)}</td>
          </tr>
          <tr>
            <th scope="row">
              {start.task === "classes" ? (
                "Accuracy"
              ) : (
                <abbr title="Share of the variance explained">R2</abbr>
              )}
            </th>
            <td>{score(scores.train, start.task)}</td>
            <td>{score(scores.test, start.task)}</td>
          </tr>
        </tbody>
      </table>
      <dl>
        <Figure
          name="Epochs"
          text={frame.epochs < 10 ? frame.epochs.toFixed(1) : count(Math.floor(frame.epochs))}
        />
        <Figure name="Steps" text={count(frame.steps)} />
        <Figure name="Time training" text={duration(frame.milliseconds)} />
        <Figure
          name="A step"
          text={frame.steps > 0 && player.stepCost.peek() > 0 ? `${number(player.stepCost.peek())} µs` : "–"}
        />
      </dl>
    </div>
  );
}

const Figure = ({ name, text }: { name: string; text: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{text}</dd>
  </div>
);
