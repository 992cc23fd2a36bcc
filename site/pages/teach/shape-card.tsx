/** One shape: its name, and the drawings that the network learns it from. */
import { useRef } from "preact/hooks";
import { ENOUGH } from "./shapes.ts";
import { Thumbnail } from "./sheet.tsx";
import type { Shape } from "./teach.ts";

interface ShapeCardProps {
  readonly shape: Shape;
  readonly number: number;
  readonly onRename: (name: string) => void;
  readonly onDelete: (drawing: number) => void;
  readonly onRemove: () => void;
}

export function ShapeCard({ shape, number, ...on }: ShapeCardProps) {
  const { name, drawings } = shape;
  const input = useRef<HTMLInputElement>(null);
  return (
    <li class="panel">
      <div class="row">
        <input
          ref={input}
          aria-label={`Name of shape ${number}`}
          value={name}
          maxLength={40}
          autocomplete="off"
          onChange={({ currentTarget }) => {
            on.onRename(currentTarget.value);
            if (currentTarget.value.trim() === "") currentTarget.value = name;
          }}
        />
        <button type="button" onClick={on.onRemove}>
          Remove<span class="unseen"> {name}</span>
        </button>
      </div>
      <ul class="thumbs" aria-label={`Drawings of ${name}`}>
        {drawings.map((drawing, i) => (
          <li key={i}>
            <button
              type="button"
              aria-label={`Delete drawing ${i + 1} of ${name}`}
              onClick={() => {
                // The button is gone with its drawing, unless another takes its place.
                if (i === drawings.length - 1) input.current?.focus();
                on.onDelete(i);
              }}
            >
              <Thumbnail drawing={drawing} />
              <span aria-hidden="true">×</span>
            </button>
          </li>
        ))}
        {drawings.length < ENOUGH && (
          <li class="quiet">
            {drawings.length} of {ENOUGH}
          </li>
        )}
      </ul>
    </li>
  );
}
