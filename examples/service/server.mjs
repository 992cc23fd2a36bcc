/**
 * A service in which every customer has a classifier of their own, from one trainer: learning is queued, predicting is not.
 * Run by `node examples/service/server.mjs`; it listens on port 3000, or on that of the environment variable PORT.
 */
import { pathToFileURL } from "node:url";
import Fastify from "fastify";
import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";

const MODEL = sequential({ input: [8], seed: 1 }, [
  dense(32, { activation: "relu" }),
  dense(3, { activation: "softmax" }),
]);

export function makeTrainer() {
  return compile(MODEL, {
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    labels: ["rest", "walk", "run"],
  });
}

export function makeService() {
  const service = Fastify({ bodyLimit: 1 << 24 });
  const trainer = makeTrainer();
  const fresh = trainer.state();
  /** Promises, so that requests of one customer form a chain. A service that restarts keeps the bytes in a database. */
  const states = new Map();
  const stateOf = (customer) => states.get(customer) ?? Promise.resolve(fresh);

  service.post("/customers/:customer/learn", async ({ params: { customer }, body: { x, y, epochs } }) => {
    const before = stateOf(customer);
    let result;
    const after = before.then((state) =>
      trainer.withState(
        state,
        async (own) => {
          result = await own.fit({ x, y }, { epochs });
        },
        { timeout: 60_000 },
      ),
    );
    // What failed changes nothing.
    states.set(
      customer,
      after.catch(() => before),
    );
    await after;
    return result;
  });

  service.post("/customers/:customer/classify", async ({ params: { customer }, body: { x } }) =>
    trainer.classify(x, { state: await stateOf(customer) }),
  );

  service.get("/customers/:customer/state", async ({ params: { customer } }, reply) =>
    reply.type("application/octet-stream").send(Buffer.from(await stateOf(customer))),
  );

  // What the library refuses is the customer's mistake, and its message says what to change.
  service.setErrorHandler((error, _request, reply) => {
    const status =
      { TimeoutError: 503, ShapeError: 400, DataError: 400, OptionError: 400 }[error.name] ?? 500;
    reply.status(status).send({ name: error.name, message: error.message });
  });
  return service;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const address = await makeService().listen({ port: Number(process.env.PORT ?? 3000) });
  console.log(`listening on ${address}`);
}
