/**
 * A service that learns in a worker while it answers: predictions come from a trainer of this thread, which takes over what
 * the worker has learned when it is done. Run by
 *
 *   node examples/service/background.mjs           listens on port 3000, or on that of the environment variable PORT
 *   node examples/service/background.mjs --demo    teaches itself, asks itself meanwhile, and says how long answers took
 */
import { pathToFileURL } from "node:url";
import Fastify from "fastify";
import { adam, compile, dense, meanSquaredError, sequential, standardize } from "wasmgrad";
import { inWorker } from "wasmgrad/worker";

/** Hour of the day and temperature, and the load of a power grid that comes of them. */
export function makeTrainer() {
  const model = sequential({ input: [2], seed: 1 }, [
    standardize(),
    dense(64, { activation: "tanh" }),
    dense(64, { activation: "tanh" }),
    dense(1),
  ]);
  return compile(model, {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.003 }),
    targets: "standardize",
  });
}

export async function makeService() {
  const service = Fastify({ bodyLimit: 1 << 24 });
  const answering = makeTrainer();
  const learning = await inWorker(makeTrainer);
  let isReady = false;
  let status = { state: "idle" };

  service.post("/learn", async ({ body: { x, y, epochs } }, reply) => {
    if (status.state === "learning") return reply.status(409).send(status);
    status = { state: "learning" };
    // What is wrong with the rows is said at once; they cross once.
    const data = await learning.bind({ x, y }).catch((error) => {
      status = { state: "idle" };
      throw error;
    });
    const onEpoch = ({ epoch, loss }) => {
      status = { state: "learning", epoch, loss };
    };
    learning
      .fit(data, { epochs, onEpoch })
      .then(async ({ loss }) => {
        answering.restore(await learning.state());
        isReady = true;
        status = { state: "idle", loss };
      })
      .catch((error) => {
        status = { state: "failed", name: error.name, message: error.message };
      });
    return reply.status(202).send(status);
  });

  service.get("/status", async () => status);

  service.post("/predict", async ({ body: { x } }, reply) =>
    isReady
      ? Array.from(answering.predict(x).data)
      : reply.status(503).send({ message: "nothing learned yet" }),
  );

  service.addHook("onClose", async () => learning.dispose());
  service.setErrorHandler((error, _request, reply) => {
    const isTheirs = ["ShapeError", "DataError", "OptionError"].includes(error.name);
    reply.status(isTheirs ? 400 : 500).send({ name: error.name, message: error.message });
  });
  return service;
}

/** Measurements of half a year, made up. */
export function rowsOf(count) {
  const x = Array.from({ length: count }, (_, i) => [i % 24, 10 + 12 * Math.sin(i / 700) + ((i * 7) % 5)]);
  const y = x.map(
    ([hour, degrees]) => 40 + 10 * Math.sin((hour / 24) * 2 * Math.PI) + 0.05 * (degrees - 18) ** 2,
  );
  return { x, y };
}

/** Learns once, then again from more rows, while somebody asks every 5 ms. */
export async function demo(rows, epochs) {
  const service = await makeService();
  const url = await service.listen({ port: 0, host: "127.0.0.1" });
  const call = async (path, body) => {
    const options = body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    return (await fetch(`${url}/${path}`, options)).json();
  };
  const learned = async (count) => {
    await call("learn", { ...rowsOf(count), epochs });
    const answers = [];
    for (;;) {
      const start = performance.now();
      await call("predict", { x: [[18, 25]] });
      answers.push(performance.now() - start);
      const status = await call("status");
      if (status.state !== "learning") return { status, answers };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await learned(rows);
  const before = await call("predict", { x: [[18, 25]] });
  const { status, answers } = await learned(2 * rows);
  const after = await call("predict", { x: [[18, 25]] });
  await service.close();
  return { loss: status.loss, before, after, answers: answers.sort((a, b) => a - b) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--demo")) {
    const { loss, before, after, answers } = await demo(2000, 150);
    console.log(
      `learned to a loss of ${loss.toFixed(4)}; load at 18 h and 25 degrees: ${before}, then ${after}`,
    );
    console.log(
      `${answers.length} predictions while it learned: median ${answers[answers.length >> 1].toFixed(1)} ms, ` +
        `p99 ${answers[Math.floor(0.99 * (answers.length - 1))].toFixed(1)} ms`,
    );
  } else {
    const service = await makeService();
    console.log(`listening on ${await service.listen({ port: Number(process.env.PORT ?? 3000) })}`);
  }
}
