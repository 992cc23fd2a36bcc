/** How the network trains. */
import { LIMITS, PENALTIES } from "../run/config.ts";
import { OPTIMIZERS, type OptimizerName } from "../run/types.ts";
import { player } from "../state/run.ts";
import { announce } from "../state/status.ts";
import { NumberField, numberOptions, SelectField } from "./fields.tsx";

const OPTIMIZER_NAMES: Readonly<Record<OptimizerName, string>> = {
  sgd: "SGD",
  momentum: "Momentum",
  adam: "Adam",
  rmsprop: "RMSProp",
  adagrad: "Adagrad",
};
const PENALTY_NAMES: Readonly<Record<(typeof PENALTIES)[number], string>> = {
  none: "none",
  l1: "L1",
  l2: "L2",
};
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const FACTORS = [0, 0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Factor of a penalty that is chosen when there was none. */
const FIRST_FACTOR = 0.001;

export function Training() {
  const { optimizer, penalty, batch, seed } = player.config.value;
  const rate = player.rate.value;
  return (
    <div class="training">
      <h3>Training</h3>
      <div class="fields">
        <SelectField
          label="Optimizer"
          value={optimizer}
          options={OPTIMIZERS.map((option) => [option, OPTIMIZER_NAMES[option]])}
          onValue={(value) => player.change({ optimizer: value })}
        />
        <SelectField
          label="Learning rate"
          title="May change while it trains"
          value={rate}
          options={numberOptions(RATES, rate)}
          onValue={(value) => {
            player.setRate(value);
            announce(`Learning rate ${value} from the next step on`);
          }}
        />
        <SelectField
          label="Batch"
          value={batch}
          options={numberOptions(BATCHES, batch)}
          onValue={(value) => player.change({ batch: value })}
        />
        <SelectField
          label="Regularization"
          value={penalty.kind}
          options={PENALTIES.map((option) => [option, PENALTY_NAMES[option]])}
          onValue={(kind) =>
            player.change({
              penalty: { kind, factor: kind === "none" ? 0 : penalty.factor || FIRST_FACTOR },
            })
          }
        />
        <SelectField
          label="Strength"
          value={penalty.factor}
          options={numberOptions(FACTORS, penalty.factor)}
          onValue={(factor) =>
            player.change({
              penalty: {
                kind: factor === 0 ? "none" : penalty.kind === "none" ? "l2" : penalty.kind,
                factor,
              },
            })
          }
        />
        <NumberField
          label="Seed"
          value={seed}
          min={LIMITS.seed.min}
          max={LIMITS.seed.max}
          onValue={(value) => player.change({ seed: value })}
        />
      </div>
    </div>
  );
}
