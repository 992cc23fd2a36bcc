/** Fields with a label: numbers, choices, sliders. */
import { useEffect, useId, useState } from "preact/hooks";

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** What a value is called in a sentence; default: the label. */
  readonly name?: string;
  readonly hidesLabel?: boolean;
  onValue(value: number): void;
}

/** A whole number; a value out of range is said beside the field, and not taken. */
export function NumberField({ label, value, min, max, name = label, hidesLabel, onValue }: NumberFieldProps) {
  const id = useId();
  const [fault, setFault] = useState<string>();
  // An example or a link has come: what was said of the value before is over.
  useEffect(() => setFault(undefined), [value]);
  const take = (input: HTMLInputElement) => {
    const given = input.valueAsNumber;
    if (!Number.isInteger(given) || given < min || given > max) {
      setFault(`${name} must be a whole number from ${min} to ${max}.`);
      return;
    }
    setFault(undefined);
    if (given !== value) onValue(given);
  };
  return (
    <span class="field">
      <label for={id} class={hidesLabel ? "unseen" : undefined}>
        {label}
      </label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        value={value}
        min={min}
        max={max}
        step={1}
        aria-invalid={fault !== undefined}
        aria-describedby={fault ? `${id}-fault` : undefined}
        onChange={(event) => take(event.currentTarget)}
      />
      {fault && (
        <span id={`${id}-fault`} class="bad fault" role="alert">
          {fault}
        </span>
      )}
    </span>
  );
}

interface SelectFieldProps<Value extends string | number> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly hidesLabel?: boolean;
  readonly title?: string;
  onValue(value: Value): void;
}

export function SelectField<Value extends string | number>(props: SelectFieldProps<Value>) {
  const { label, value, options, hidesLabel, title, onValue } = props;
  const id = useId();
  return (
    <span class="field">
      <label for={id} class={hidesLabel ? "unseen" : undefined}>
        {label}
      </label>
      <select
        id={id}
        title={title}
        value={String(value)}
        onChange={(event) => {
          const chosen = options[event.currentTarget.selectedIndex];
          if (chosen) onValue(chosen[0]);
        }}
      >
        {options.map(([option, text]) => (
          <option key={option} value={String(option)} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Choices of numbers in a list, with the value itself among them. */
export function numberOptions(listed: readonly number[], value: number): [number, string][] {
  const all = listed.includes(value) ? listed : [...listed, value].sort((a, b) => a - b);
  return all.map((option) => [option, String(option)]);
}

interface RangeFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly text: string;
  onValue(value: number): void;
}

export function RangeField({ label, value, min, max, step, text, onValue }: RangeFieldProps) {
  const id = useId();
  return (
    <div class="range">
      <label for={id}>{label}</label>
      <output for={id}>{text}</output>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        onInput={(event) => onValue(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
