/** The session as it stands in its worker. Configurations were checked by the page. */
import { checkNumber, LIMITS } from "./config.ts";
import { Frames } from "./frames.ts";
import type { Extras } from "./network.ts";
import { pointsOf } from "./rows.ts";
import { Run, VERSION } from "./run.ts";
import { KeptStates } from "./states.ts";
import { StepClock } from "./step-clock.ts";
import type { Advance, Frame, Session, Start, View } from "./types.ts";

const CELLS = { min: 0, max: 200, step: 1 };
/** How much of the time that is left a call of the engine may take. */
const SHARE_OF_REST = 0.5;

interface Running {
  readonly run: Run;
  readonly frames: Frames;
  readonly states: KeptStates;
  readonly clock: StepClock;
}

/** @param extras what the worker brings for runs that need it */
export function trainingSession(extras: Extras | undefined): Session {
  let running: Running | undefined;
  let diverged: string | undefined;

  const present = (): Running => {
    if (!running) throw new Error("There is no run yet: start one.");
    return running;
  };

  const end = () => {
    running?.frames.dispose();
    running?.run.dispose();
    running = undefined;
  };

  const frame = (view: View): Frame => {
    const { run, frames, states, clock } = present();
    checkNumber("view.grid", "Cells of the surface", view.grid, { ...CELLS, min: 1 });
    checkNumber("view.tile", "Cells of a tile", view.tile, CELLS);
    return {
      steps: run.steps,
      epochs: run.network.trainer.epochs,
      rate: run.rate,
      ...frames.draw(view),
      milliseconds: clock.milliseconds,
      microsecondsPerStep: clock.microsecondsPerStep,
      states: states.steps(run.steps),
      ...(diverged !== undefined && { diverged }),
    };
  };

  /** Trains until a step or a time is reached; states are kept on the way. */
  const train = (end: number, until: number): void => {
    const { run, states, clock } = present();
    const from = run.steps;
    const start = performance.now();
    let perStep = clock.microsecondsPerStep / 1000 || 0.02;
    let now = start;
    while (run.steps < end && (now < until || run.steps === from)) {
      const fitting = Number.isFinite(until) ? Math.floor(((until - now) * SHARE_OF_REST) / perStep) : 4096;
      const at = run.steps;
      const isFirst = at === from;
      // One step, so that what is measured of the others is training alone.
      const piece = isFirst ? 1 : Math.min(end - at, states.stepsToNext(at), Math.max(1, fitting));
      const before = performance.now();
      const goesOn = run.train(piece);
      const after = performance.now();
      clock.add(run.steps - at, after - before, isFirst);
      // Some clocks tick once a millisecond.
      if (after > now) perStep = (after - start) / Math.max(1, run.steps - from);
      now = after;
      if (!goesOn) {
        diverged = `Training diverged after step ${run.steps}: the numbers grew beyond all bounds. Choose a lower learning rate and restart, or go back on the time slider.`;
        break;
      }
      states.offer(run.steps, () => run.network.trainer.state());
    }
  };

  return {
    async start(config, view) {
      // A configuration that cannot run leaves the run before as it is.
      const run = new Run(config, extras);
      end();
      diverged = undefined;
      const { trainer } = run.network;
      const state = trainer.state();
      const states = new KeptStates(state.length);
      states.offer(0, () => state);
      running = { run, frames: new Frames(run.network, run.rows), states, clock: new StepClock() };
      const { rows } = run;
      return {
        task: rows.task,
        outputs: rows.outputs,
        axes: rows.axes,
        inputs: rows.inputs,
        train: pointsOf(rows.train, rows),
        test: pointsOf(rows.test, rows),
        stepsPerEpoch: run.stepsPerEpoch,
        parameters: Object.values(trainer.parameters).reduce((sum, { data }) => sum + data.length, 0),
        notes: rows.notes,
        frame: frame(view),
      } satisfies Start;
    },

    async advance(by: Advance, view) {
      const { run, states } = present();
      if (diverged === undefined) {
        const steps =
          "steps" in by
            ? checkNumber("steps", "The number of steps", by.steps, LIMITS.steps)
            : LIMITS.steps.max;
        const time =
          "milliseconds" in by ? performance.now() + Math.min(1000, Math.max(0, by.milliseconds)) : Infinity;
        // No step forgets nothing: what comes after an earlier state is still there.
        if (steps > 0) {
          states.forgetAfter(run.steps);
          train(Math.min(run.steps + steps, LIMITS.steps.max), time);
        }
      }
      return frame(view);
    },

    async seek(step, view) {
      const { run, states } = present();
      const { trainer } = run.network;
      const found = states.find(step, { step: run.steps, state: trainer.state() });
      trainer.restore(found.state);
      diverged = undefined;
      return frame(view);
    },

    async restore(state, view) {
      const { run, states } = present();
      states.forgetAfter(0);
      run.network.trainer.restore(state);
      diverged = undefined;
      return frame(view);
    },

    async setRate(rate) {
      const { run, states } = present();
      checkNumber("rate", "The learning rate", rate, LIMITS.rate);
      states.forgetAfter(run.steps);
      run.setRate(rate);
      diverged = undefined;
    },

    async claim() {
      const { run } = present();
      return { config: run.config, claim: run.claim, version: VERSION };
    },

    async file() {
      return present().run.network.trainer.save();
    },
  };
}
