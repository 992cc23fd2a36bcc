/** Run, pause, step, restart, the way back in time, and speed. */

import { isShown } from "../state/here.ts";
import { SPEEDS, type Speed } from "../state/player.ts";
import { player } from "../state/run.ts";
import { count } from "../state/text.ts";
import { SelectField } from "./fields.tsx";
import { Icon } from "./icons.tsx";

const SPEED_OPTIONS = Object.entries(SPEEDS) as [Speed, string][];

export function Controls() {
  const isRunning = player.isRunning.value;
  return (
    <section class="controls" aria-label="Training">
      <div class="buttons">
        <button type="button" class="primary run" onClick={() => (isRunning ? player.pause() : player.run())}>
          <Icon name={isRunning ? "pause" : "run"} />
          {isRunning ? "Pause" : "Run"}
        </button>
        <button type="button" onClick={() => void player.step()}>
          <Icon name="step" />
          Step
        </button>
        <button type="button" onClick={() => void player.startOver()}>
          <Icon name="restart" />
          Restart
        </button>
      </div>
      {isShown("time") && <TimeSlider />}
      {isShown("speed") && (
        <SelectField
          label="Speed"
          value={player.speed.value}
          options={SPEED_OPTIONS}
          onValue={(speed) => {
            player.speed.value = speed;
          }}
        />
      )}
    </section>
  );
}

function TimeSlider() {
  const frame = player.figures.value;
  const states = frame?.states ?? [0];
  const steps = frame?.steps ?? 0;
  const last = states.length - 1;
  let at = last;
  while (at > 0 && states[at]! > steps) at--;
  const newest = states[last] ?? 0;
  const text = steps === newest ? `Step ${count(steps)}` : `Step ${count(steps)} of ${count(newest)}`;
  return (
    <div class="time">
      <label for="time">Time</label>
      <input
        id="time"
        type="range"
        min={0}
        max={Math.max(1, last)}
        value={last === 0 ? 0 : at}
        aria-valuetext={text}
        onInput={(event) => {
          const step = states[event.currentTarget.valueAsNumber];
          if (step !== undefined) player.seek(step);
        }}
      />
      <output for="time">{text}</output>
    </div>
  );
}
