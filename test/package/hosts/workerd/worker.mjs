/** Bundled with the condition `workerd`: there is nothing to set up. */
import { createEngine, isSupported } from "wasmgrad";
import { readJson, trainTable } from "wasmgrad/data";
import { train } from "./xor.mjs";

const rows = Array.from({ length: 60 }, (_, i) => ({ size: i % 7, kind: i % 7 > 3 ? "large" : "small" }));

async function threads() {
  const { threads, wanted, why } = (await createEngine({ threads: 2 })).info();
  return { threads, wanted, why };
}

export default {
  async fetch(request, { PLAIN }) {
    if (new URL(request.url).pathname === "/plain") return PLAIN.fetch(request);
    const { trainer } = await trainTable(readJson(rows), { target: "kind" });
    return Response.json({
      digest: await train(),
      explicit: await train({ engine: await createEngine() }),
      supported: isSupported(),
      threads: await threads(),
      label: trainer.classify([{ size: 6 }])[0].label,
    });
  },
};
