/** Runs the session: one call after the other, one loop of frames, and what the page shows of it. */
import { batch, signal } from "@preact/signals";
import { DEFAULT_CONFIG } from "../run/config.ts";
import type { openSession } from "../run/session.ts";
import type { Advance, Config, Frame, Session, Start, View } from "../run/types.ts";
import { Detail } from "./detail.ts";
import { History } from "./history.ts";
import { announce } from "./status.ts";
import { number, score } from "./text.ts";

export const SPEEDS = {
  slow: "An epoch in 30 frames",
  calm: "An epoch in 5 frames",
  epoch: "An epoch a frame",
  fast: "10 epochs a frame",
  all: "All it can",
} as const;
export type Speed = keyof typeof SPEEDS;
/** Epochs of a frame; "all" goes by time. */
const EPOCHS: Readonly<Record<Exclude<Speed, "all">, number>> = {
  slow: 1 / 30,
  calm: 1 / 5,
  epoch: 1,
  fast: 10,
};

/** Milliseconds that training may take of a frame: what is left of 16 is for surface and drawing. */
const MOST_TRAINING = 10;
/** Microseconds of training between two frames on the way to the end of a link. */
const SLICE = 100_000;
/** Share of a new measurement in the smoothed one. */
const FRESH = 0.15;
/** Milliseconds after which a worker counts as lost. */
const LOST_AFTER = 15_000;
/** The same until the worker has answered once: it may still be on its way through a slow line. */
const MISSING_AFTER = 90_000;
/** Milliseconds between changes of the figures, and between announcements, while training. */
const FIGURES_EVERY = 150;
const ANNOUNCE_EVERY = 5_000;

export interface Trouble {
  readonly message: string;
  /** The worker is gone, and the page offers to start another. */
  readonly isLost?: boolean;
}

export type Drawer = (frame: Frame, start: Start) => void;

class LostWorker extends Error {}

export class Player {
  /** What was chosen; the run follows it. */
  readonly config = signal<Config>(DEFAULT_CONFIG);
  /** The rate that the next step takes. */
  readonly rate = signal(DEFAULT_CONFIG.rate);
  readonly start = signal<Start | undefined>(undefined);
  /** The newest frame, and the newest whose figures are shown. */
  readonly frame = signal<Frame | undefined>(undefined);
  readonly figures = signal<Frame | undefined>(undefined);
  readonly isRunning = signal(false);
  readonly speed = signal<Speed>("epoch");
  readonly trouble = signal<Trouble | undefined>(undefined);
  /** What the chosen example shows, in a sentence. */
  readonly example = signal<string | undefined>(undefined);
  readonly history = new History();
  readonly detail = new Detail();
  /** Microseconds of a step, smoothed. */
  readonly stepCost = signal(0);

  readonly #open: typeof openSession;
  #worker: ReturnType<typeof openSession> | undefined;
  #line: Promise<unknown> = Promise.resolve();
  #drawers = new Set<Drawer>();
  #tickAt = 0;
  #isFresh = false;
  /** Whether a worker has trained: the first picture of all comes from a file. */
  #isLoaded = false;
  /** Changes of the rate that are on their way. */
  #ratesAsked = 0;
  #isAsked = false;
  /** Whether the configuration started, once it is known. */
  #starting: Promise<boolean> | undefined;
  #isStale = false;
  /** Of the run that is there. */
  #started: Config | undefined;
  #seekTo: number | undefined;
  /** Counts what the visitor does with the run: what was begun before ends. */
  #turn = 0;
  #share = 0;
  #figuresAt = 0;
  #announcedAt = 0;

  constructor(open: typeof openSession) {
    this.#open = open;
    document.addEventListener("visibilitychange", () => this.redraw());
  }

  /** Draws each frame from now on; returns what ends that. */
  onDraw(drawer: Drawer): () => void {
    this.#drawers.add(drawer);
    this.redraw();
    return () => this.#drawers.delete(drawer);
  }

  /** Draws the newest frame again: the size or the colours changed. */
  redraw(): void {
    this.#isFresh = true;
    this.#tickAt ||= requestAnimationFrame(() => this.#tick());
  }

  /**
   * Another configuration: the run starts anew, and goes on if it was running. One that cannot start is said, and the one before is back.
   *
   * @returns whether it started
   */
  change(changes: Partial<Config>): Promise<boolean> {
    batch(() => {
      this.config.value = { ...this.config.value, rate: this.rate.value, rates: [], ...changes };
      this.rate.value = this.config.value.rate;
      this.example.value = undefined;
    });
    return this.restart();
  }

  /** A whole configuration, with its changes of the rate. */
  load(config: Config): Promise<boolean> {
    batch(() => {
      this.config.value = config;
      this.rate.value = config.rate;
      this.isRunning.value = false;
      this.example.value = undefined;
    });
    return this.restart();
  }

  /** The rate from the next step on. */
  setRate(rate: number): void {
    if (!this.frame.value?.steps) {
      void this.change({ rate });
      return;
    }
    this.rate.value = rate;
    this.config.value = { ...this.config.value, rate, rates: [] };
    this.#started = this.config.value;
    this.#ratesAsked++;
    void this.#ask((session) => session.setRate(rate))
      .catch((error) => this.#fail(error))
      .finally(() => this.#ratesAsked--);
  }

  /** Back to step 0, standing, with the rate that is shown; the changes of the rate that a link brought come again. */
  startOver(): Promise<boolean> {
    announce("Restarted at step 0");
    const example = this.example.value;
    const config = this.config.value;
    const rate = this.rate.value;
    const isSame = config.rates.length > 0 || config.rate === rate;
    const started = this.load(isSame ? config : { ...config, rate });
    this.example.value = example;
    return started;
  }

  /** @returns whether the run started */
  restart(): Promise<boolean> {
    this.#turn++;
    this.#isStale = true;
    if (!this.#starting) {
      const starting = this.#startNewest().finally(() => {
        if (this.#starting === starting) this.#starting = undefined;
      });
      this.#starting = starting;
    }
    return this.#starting;
  }

  /** Starts the configuration, and again while it changes. */
  async #startNewest(): Promise<boolean> {
    let hasStarted = false;
    while (this.#isStale) {
      this.#isStale = false;
      this.#seekTo = undefined;
      const config = this.config.value;
      try {
        const start = await this.#ask((session) => session.start(config, this.detail.still));
        this.#started = config;
        if (this.#isStale) continue;
        hasStarted = true;
        this.detail.reset();
        this.history.clear();
        this.stepCost.value = 0;
        batch(() => {
          this.trouble.value = undefined;
          this.start.value = start;
          this.#show(start.frame);
        });
      } catch (error) {
        if (this.#isStale) continue;
        hasStarted = false;
        this.#fail(error);
        this.#goBack();
      }
    }
    return hasStarted;
  }

  /** What is shown as chosen is what the run has. */
  #goBack(): void {
    if (!this.#started || this.trouble.value?.isLost) return;
    const started = this.#started;
    batch(() => {
      this.config.value = started;
      this.rate.value = this.frame.value?.rate ?? started.rate;
    });
  }

  run(): void {
    if (this.isRunning.value) return;
    if (this.trouble.value?.isLost) return;
    if (!this.start.value && !this.#starting) {
      void this.restart();
      return;
    }
    this.#turn++;
    this.isRunning.value = true;
    this.#announcedAt = performance.now();
    announce("Training");
    this.redraw();
  }

  pause(): void {
    if (!this.isRunning.value) return;
    this.isRunning.value = false;
    void this.#settle();
  }

  async step(): Promise<void> {
    if (!this.start.value && !this.#starting) {
      await this.restart();
      return;
    }
    this.#turn++;
    this.isRunning.value = false;
    await this.#advance({ steps: 1 }, this.detail.still);
    announce(this.#summary());
  }

  /** To exactly so many steps, as a link says; in slices, so that the page stays alive. */
  async advanceTo(steps: number): Promise<void> {
    if (!this.start.value) return;
    const turn = ++this.#turn;
    this.isRunning.value = false;
    while (turn === this.#turn && (this.frame.value?.steps ?? 0) < steps) {
      const before = this.frame.value?.steps ?? 0;
      const slice = Math.max(1, Math.floor(SLICE / (this.stepCost.value || 100)));
      await this.#advance({ steps: Math.min(slice, steps - before) }, this.detail.still);
      if ((this.frame.value?.steps ?? 0) <= before) return;
    }
  }

  /** To where a replay of this run has ended. */
  async restore(state: Uint8Array): Promise<void> {
    this.#turn++;
    this.isRunning.value = false;
    try {
      this.#show(await this.#ask((session) => session.restore(state, this.detail.still)));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Shows one of the kept states; of several calls at once only the last one counts. */
  seek(step: number): void {
    this.#turn++;
    this.isRunning.value = false;
    if (!this.trouble.value?.isLost) this.trouble.value = undefined;
    const isWaiting = this.#seekTo !== undefined;
    this.#seekTo = step;
    if (isWaiting) return;
    void this.#ask((session) => {
      const to = this.#seekTo!;
      this.#seekTo = undefined;
      return session.seek(to, this.detail.still);
    })
      .then((frame) => this.#show(frame))
      .catch((error) => this.#fail(error));
  }

  /** Another worker in place of one that is gone. */
  reopen(): void {
    this.#worker?.close();
    this.#worker = undefined;
    this.#isLoaded = false;
    this.#line = Promise.resolve();
    this.#starting = undefined;
    this.#isAsked = false;
    this.trouble.value = undefined;
    announce("Starting again");
    void this.restart();
  }

  /** Shows what went wrong beside the run, which goes on. */
  say(error: unknown): void {
    this.trouble.value = { message: error instanceof Error ? error.message : String(error) };
  }

  /** The session's answer, after those asked before. */
  ask<T>(does: (session: Session) => Promise<T>): Promise<T> {
    return this.#ask(does);
  }

  #ask<T>(does: (session: Session) => Promise<T>): Promise<T> {
    const worker = (this.#worker ??= this.#open());
    const answer = this.#line
      .then(() => inTime(does(worker.session), this.#isLoaded ? LOST_AFTER : MISSING_AFTER))
      .catch((error) => {
        // Of a worker that was replaced nobody waits for an answer any more.
        if (worker !== this.#worker) return new Promise<never>(() => {});
        throw error;
      });
    this.#line = answer.catch(() => {});
    return answer;
  }

  #tick(): void {
    this.#tickAt = 0;
    const frame = this.frame.value;
    const start = this.start.value;
    if (this.#isFresh && frame && start) {
      this.#isFresh = false;
      for (const draw of this.#drawers) draw(frame, start);
    }
    if (!this.isRunning.value || document.hidden) return;
    this.#tickAt = requestAnimationFrame(() => this.#tick());
    this.#next();
  }

  /** Asks for the next frame at the chosen speed. */
  #next(): void {
    if (this.#isAsked || this.#starting || !this.isRunning.value || document.hidden) return;
    const speed = this.speed.value;
    let by: Advance = { milliseconds: MOST_TRAINING };
    if (speed !== "all") {
      this.#share += EPOCHS[speed] * (this.start.value?.stepsPerEpoch ?? 1);
      const steps = Math.floor(this.#share);
      if (steps === 0) return;
      this.#share -= steps;
      const fitting = Math.floor((MOST_TRAINING * 1000) / this.stepCost.value);
      by = { steps: Math.max(1, Math.min(steps, fitting)) };
    }
    void this.#advance(by, this.detail.next());
  }

  async #advance(by: Advance, view: View): Promise<void> {
    this.#isAsked = true;
    const asked = performance.now();
    const before = this.frame.value?.milliseconds ?? 0;
    try {
      const frame = await this.#ask((session) => session.advance(by, view));
      this.detail.measure(performance.now() - asked - (frame.milliseconds - before));
      this.#isAsked = false;
      this.#isLoaded = true;
      if (this.#isStale || this.#starting) return;
      const cost = this.stepCost.value;
      this.stepCost.value =
        cost > 0 ? cost + FRESH * (frame.microsecondsPerStep - cost) : frame.microsecondsPerStep;
      const isDrawn = !this.#isFresh;
      this.#show(frame);
      if (frame.diverged !== undefined) this.#diverge(frame.diverged);
      // The worker trains on while this frame is drawn, but is never two ahead.
      if (isDrawn && this.speed.value === "all") this.#next();
    } catch (error) {
      this.#isAsked = false;
      this.#fail(error);
    }
  }

  #show(frame: Frame): void {
    const now = performance.now();
    batch(() => {
      this.frame.value = frame;
      if (this.#ratesAsked === 0) this.rate.value = frame.rate;
      if (this.isRunning.value && now - this.#figuresAt < FIGURES_EVERY) return;
      this.#figuresAt = now;
      this.figures.value = frame;
    });
    if (frame.steps === frame.states.at(-1)) this.history.add(frame.steps, frame.loss.train, frame.loss.test);
    if (this.isRunning.value && now - this.#announcedAt > ANNOUNCE_EVERY) {
      this.#announcedAt = now;
      announce(this.#summary());
    }
    this.redraw();
  }

  /** The run stands: all figures, and the surface as fine as it gets, where the worker has got to by then. */
  async #settle(): Promise<void> {
    this.#turn++;
    const frame = this.frame.value;
    if (!frame) return;
    this.figures.value = frame;
    try {
      const settled = await this.#ask((session) => session.advance({ steps: 0 }, this.detail.still));
      // Another run may start meanwhile.
      if (!this.#starting) this.#show(settled);
      if (!this.isRunning.value) announce(`Paused. ${this.#summary()}`);
    } catch (error) {
      this.#fail(error);
    }
  }

  #diverge(message: string): void {
    this.isRunning.value = false;
    this.figures.value = this.frame.value;
    this.trouble.value = { message };
  }

  #fail(error: unknown): void {
    this.isRunning.value = false;
    const isLost = error instanceof LostWorker;
    this.trouble.value = { message: error instanceof Error ? error.message : String(error), isLost };
  }

  #summary(): string {
    const frame = this.frame.value;
    const start = this.start.value;
    if (!frame || !start) return "";
    const name = start.task === "classes" ? "accuracy" : "R2";
    return `Epoch ${Math.floor(frame.epochs)}, test loss ${number(frame.loss.test)}, test ${name} ${score(frame.score.test, start.task)}`;
  }
}

/** The answer, or a `LostWorker` where none comes. */
function inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new LostWorker("The worker that trains does not answer any more.")),
      milliseconds,
    );
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
