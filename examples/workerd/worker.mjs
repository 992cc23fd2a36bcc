/**
 * A service at the edge in which every customer has a classifier of their own: one trainer in memory, and a state for each
 * customer in a Durable Object, which keeps it on disk. `npx wrangler@4 dev --config examples/workerd/wrangler.jsonc`, after a
 * build, starts it in workerd on this machine:
 *
 *   curl localhost:8787/customers/ann/learn -d '{ "x": [[0, 0, 1], [1, 0, 1], [0, 1, 0]], "y": ["rest", "walk", "run"], "epochs": 100 }'
 *   curl localhost:8787/customers/ann/classify -d '{ "x": [[1, 0, 1]] }'
 */
import { DurableObject } from "cloudflare:workers";
import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";

const model = sequential({ input: [3], seed: 1 }, [
  dense(16, { activation: "relu" }),
  dense(3, { activation: "softmax" }),
]);
// Customers whose objects live in one isolate share it.
const trainer = compile(model, {
  loss: crossEntropy(),
  optimizer: adam({ learningRate: 0.03 }),
  labels: ["rest", "walk", "run"],
});
const fresh = trainer.state();

/** One customer. No `await` stands between `restore` and the call that needs the state: nobody else can come between. */
export class Customer extends DurableObject {
  async fetch(request) {
    const path = new URL(request.url).pathname;
    try {
      const { x, y, epochs } = await request.json();
      const state = (await this.ctx.storage.get("state")) ?? fresh;
      if (!path.endsWith("/learn")) return Response.json(trainer.classify(x, { state }));
      trainer.restore(state);
      const { loss, steps } = trainer.fitSync({ x, y }, { epochs });
      await this.ctx.storage.put("state", trainer.state());
      return Response.json({ loss, steps, digest: trainer.digest() });
    } catch ({ name, message }) {
      // What the library refuses is the customer's mistake, and its message says what to change. The state stays as it was.
      return Response.json({ name, message }, { status: 400 });
    }
  }
}

export default {
  fetch(request, { CUSTOMERS }) {
    const [, customer] =
      /^\/customers\/([^/]+)\/(?:learn|classify)$/.exec(new URL(request.url).pathname) ?? [];
    if (!customer || request.method !== "POST")
      return new Response("POST /customers/NAME/learn\n", { status: 404 });
    return CUSTOMERS.get(CUSTOMERS.idFromName(customer)).fetch(request);
  },
};
