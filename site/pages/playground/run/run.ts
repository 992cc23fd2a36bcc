/** A run: rows, network, and its steps. The same steps in any slices give the same bits. */
import { NonFiniteError, VERSION } from "wasmgrad";
import { ConfigError, LIMITS } from "./config.ts";
import { type Extras, makeNetwork, type Network, rowsOf } from "./network.ts";
import { digestOfRows, type RunRows } from "./rows.ts";
import type { Claim, Config } from "./types.ts";

export class Run {
  readonly rows: RunRows;
  readonly network: Network;
  /** Of the rows. */
  readonly dataDigest: string;
  readonly #config: Config;
  readonly #data: ReturnType<Network["trainer"]["bind"]>;
  #rates: Config["rates"];

  /** @param extras needed where `needsExtras` says so */
  constructor(config: Config, extras: Extras | undefined) {
    this.#config = config;
    this.#rates = config.rates;
    this.rows = rowsOf(config, extras);
    this.dataDigest = digestOfRows(this.rows);
    this.network = makeNetwork(config, this.rows, extras);
    const { trainer } = this.network;
    const { train, task } = this.rows;
    // What the first fit would do: the surface is shown before it.
    trainer.adapt(train.x, task === "numbers" ? train.y : undefined);
    this.#data = trainer.bind({ x: train.x, y: targetsOf(this.rows) });
  }

  get steps(): number {
    return this.network.trainer.steps;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.rows.train.y.length / this.#config.batch);
  }

  /**
   * Trains on, with the rates of the configuration at their steps.
   *
   * @returns false where the numbers are finite no more: then it stands at its last step with finite ones
   */
  train(steps: number): boolean {
    const { trainer } = this.network;
    const end = trainer.steps + steps;
    try {
      while (trainer.steps < end) {
        const now = trainer.steps;
        const rate = this.#rates.find(([step]) => step === now);
        if (rate) trainer.setLearningRate(rate[1]);
        const next = this.#rates.find(([step]) => step > now)?.[0] ?? Infinity;
        trainer.fitSync(this.#data, { steps: Math.min(end, next) - now });
      }
    } catch (error) {
      if (error instanceof NonFiniteError) return false;
      throw error;
    }
    return true;
  }

  /** Changes the rate from the next step on; changes at later steps, as of a run that went back, are forgotten. */
  setRate(rate: number): void {
    const before = this.#rates.filter(([step]) => step < this.steps);
    if (before.length >= LIMITS.rates.max)
      throw new ConfigError(
        "rates",
        `A run can change its rate ${LIMITS.rates.max} times, and this one has: restart it.`,
      );
    this.#rates = [...before, [this.steps, rate]];
  }

  /** Of the next step. */
  get rate(): number {
    const { trainer } = this.network;
    return this.#rates.find(([step]) => step === trainer.steps)?.[1] ?? trainer.learningRate;
  }

  /** The configuration with the rates as they were used. */
  get config(): Config {
    return { ...this.#config, rates: this.#rates.filter(([step]) => step < this.steps) };
  }

  get claim(): Claim {
    return { steps: this.steps, data: this.dataDigest, parameters: this.network.trainer.digest() };
  }

  dispose(): void {
    this.network.trainer.dispose();
    this.network.viewer.dispose();
  }
}

/** Targets of the training rows. Classes are given by name: as a number, the class "1" could be taken for the class of index 1. */
const targetsOf = ({ train, task, outputs }: RunRows) =>
  task === "classes" ? Array.from(train.y, (index) => outputs[index]) : train.y;

/** Of the engine that runs here. */
export { VERSION };
