/** One program for many models: what changing over from one to another costs, and training one to the end. */
import { PlainNetwork } from "../plain/network.ts";
import { XOR } from "../shapes.ts";
import { verifyThat } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";
import { networkData, networkTrainer } from "./networks.ts";

export const stateSuite = (): Suite => ({
  name: "state",
  title: "The XOR trainer as a whole",
  workloads: [
    { name: "state swap: state() and restore()", make: swapWorkload },
    { name: "reset() and fitSync() to loss < 0.01", make: convergenceWorkload },
  ],
});

function swapWorkload(): Workload {
  const trainer = networkTrainer(XOR);
  const data = networkData(XOR);
  const plain = new PlainNetwork(XOR);
  plain.load(Object.values(trainer.parameters).map((p) => p.data));
  let resting = trainer.state();
  let plainResting = plain.state();
  const digest = trainer.digest();
  trainer.fitSync(data, { epochs: 10 });
  for (let step = 0; step < 10; step++) plain.step(data, 0, 4);
  const trained = trainer.digest();
  const swap = () => {
    const running = trainer.state();
    trainer.restore(resting);
    resting = running;
  };
  const plainSwap = () => {
    const running = plain.state();
    plain.restore(plainResting);
    plainResting = running;
  };
  verifyThat("state swap: ten steps must change the parameters", digest !== trained);
  swap();
  verifyThat("state swap: a swap must bring the resting model", trainer.digest() === digest);
  swap();
  verifyThat("state swap: a second swap must bring the trained model back", trainer.digest() === trained);
  return {
    name: "state swap: state() and restore()",
    unit: "swap",
    engine: { name: "wasmgrad", units: 1, run: swap },
    plain: { name: "plain loops", units: 1, run: plainSwap },
  };
}

function convergenceWorkload(): Workload {
  const trainer = networkTrainer(XOR);
  const data = networkData(XOR);
  const plain = new PlainNetwork(XOR);
  const parameters = Object.values(trainer.parameters).map((p) => p.data.slice());
  const train = () => {
    trainer.reset();
    return trainer.fitSync(data, { stopWhen: { lossBelow: 0.01 }, epochs: 1000 });
  };
  const trainPlain = () => {
    plain.load(parameters);
    let steps = 0;
    for (; plain.backward(data, 0, 4) >= 0.01; steps++) plain.update();
    return steps;
  };
  const { reason, steps } = train();
  verifyThat("XOR must reach loss < 0.01", reason === "lossBelow");
  verifyThat("plain loops must take as many steps, or one more or less", Math.abs(trainPlain() - steps) <= 1);
  return {
    name: "reset() and fitSync() to loss < 0.01",
    unit: "training",
    items: { count: steps, name: "step" },
    engine: {
      name: "wasmgrad",
      units: 1,
      run: () => {
        train();
      },
    },
    plain: {
      name: "plain loops",
      units: 1,
      run: () => {
        trainPlain();
      },
    },
  };
}
