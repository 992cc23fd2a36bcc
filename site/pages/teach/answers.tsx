/** What the network thinks of the drawing: a bar for each shape, and the button that says what it is. */
import type { Classification } from "wasmgrad";
import type { Shape } from "./teach.ts";

interface AnswersProps {
  readonly shapes: readonly Shape[];
  readonly answers: readonly Classification[];
  readonly best: Classification | undefined;
  readonly onAdd: (shape: number) => void;
}

export function Answers({ shapes, answers, best, onAdd }: AnswersProps) {
  return (
    <ul class="answers" aria-label="Which shape it is">
      {shapes.map(({ name }, at) => {
        const probability = answers.find(({ label }) => label === name)?.probability;
        const percent = probability === undefined ? "" : `${Math.round(probability * 100)} %`;
        return (
          <li key={at}>
            <button type="button" onClick={() => onAdd(at)}>
              <span class="unseen">Add to </span>
              {name}
            </button>
            <span class="bar">
              <span style={{ width: percent.replace(" ", "") || "0%" }} />
            </span>
            <span class={name === best?.label ? "best" : ""}>{percent}</span>
          </li>
        );
      })}
    </ul>
  );
}
