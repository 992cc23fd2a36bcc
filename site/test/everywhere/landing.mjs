/** The landing page in every browser: trains while it is read, with the digests of the engine in the page itself. */
import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { until } from "../until.mjs";

export const path = "";
export const seconds = 60;

const byId = (id) => document.getElementById(id);

function digestOf(seed) {
  const model = sequential({ input: [2], seed }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  const y = [0, 1, 1, 0];
  const x = y.map((_, i) => [i >> 1, i & 1]);
  trainer.fitSync({ x, y }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
  return trainer.digest();
}

export default async (check) => {
  await check("networks are trained, and the digest is that of the seed it names", async () => {
    // What nobody sees is not trained, and a headless browser may want no motion.
    byId("surface").scrollIntoView();
    if (byId("run").textContent === "Train" && matchMedia("(prefers-reduced-motion: reduce)").matches)
      byId("run").click();
    await until("a trained network", () => byId("count").textContent !== "0", 50);
    const seed = Number(byId("seed").textContent.match(/seed (\d+)/)[1]);
    const digest = byId("digest").textContent;
    if (digest !== digestOf(seed)) throw new Error(`seed ${seed}: ${digest}, not ${digestOf(seed)}`);
    if (!/^[\d.]+ ms$/.test(byId("median").textContent)) throw new Error(byId("median").textContent);
    if (byId("loss").querySelector("polyline").points.length < 10) throw new Error("no losses are drawn");
  });
};
