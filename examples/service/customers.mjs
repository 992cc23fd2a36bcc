/**
 * Twelve customers who learn at once, and predictions for others meanwhile: what they see of the service. Run by
 * `node examples/service/customers.mjs`; it starts the service in a process of its own.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { makeTrainer } from "./server.mjs";

const CUSTOMERS = 12;
const ROWS = 2000;
const EPOCHS = 300;
const PREDICTIONS_PER_SECOND = 100;

/** Rows of a customer, for whom the classes lie elsewhere than for others. */
function rowsOf(customer) {
  let seed = customer + 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    // Three digits, as a sensor gives them.
    return Math.floor((seed / 2 ** 32) * 1000) / 1000;
  };
  const x = Array.from({ length: ROWS }, () => Array.from({ length: 8 }, random));
  const y = x.map((row) => ["rest", "walk", "run"][Math.floor((row[customer % 8] * 3 + customer) % 3)]);
  return { x, y, epochs: EPOCHS };
}

const digestOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** What a trainer for one customer alone comes to. */
function alone({ x, y, epochs }) {
  const trainer = makeTrainer();
  trainer.fitSync({ x, y }, { epochs });
  const result = { digest: digestOf(trainer.state()), classes: trainer.classify(x.slice(0, 5)) };
  trainer.dispose();
  return result;
}

const server = spawn(process.execPath, [fileURLToPath(new URL("server.mjs", import.meta.url))], {
  env: { ...process.env, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const address = await new Promise((resolve, reject) => {
  server.once("exit", () => reject(new Error("the service ended before it listened")));
  server.stdout.once("data", (text) => resolve(String(text).match(/http\S+/)[0]));
});
const post = async (path, body) => {
  const response = await fetch(`${address}/customers/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
};

try {
  const data = Array.from({ length: CUSTOMERS }, (_, customer) => rowsOf(customer));
  const expected = data.map(alone);
  const newcomer = [Array.from({ length: 8 }, (_, i) => i / 8)];
  const fresh = makeTrainer().classify(newcomer);
  // So that this process is free to measure.
  const bodies = data.map((rows) => JSON.stringify(rows));
  let wrong = 0;
  const same = (found, wanted) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong++;
  };

  // A service that has run for a while: its code is compiled.
  await post("warm/learn", bodies[0]);

  const latencies = [];
  const pending = [];
  const timer = setInterval(() => {
    const start = performance.now();
    pending.push(
      post("newcomer/classify", { x: newcomer }).then((classes) => {
        latencies.push({ start, ms: performance.now() - start });
        same(classes, fresh);
      }),
    );
  }, 1000 / PREDICTIONS_PER_SECOND);
  const start = performance.now();
  const results = await Promise.all(bodies.map((body, customer) => post(`c${customer}/learn`, body)));
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  await Promise.all(pending);

  for (const { epochs } of results) same(epochs, EPOCHS);
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    const response = await fetch(`${address}/customers/c${customer}/state`);
    same(digestOf(Buffer.from(await response.arrayBuffer())), expected[customer].digest);
    same(
      await post(`c${customer}/classify`, { x: data[customer].x.slice(0, 5) }),
      expected[customer].classes,
    );
  }
  const quantile = (q, list) => {
    const sorted = list.map(({ ms }) => ms).sort((a, b) => a - b);
    return `${sorted[Math.floor(q * (sorted.length - 1))].toFixed(1)} ms`;
  };
  // Twelve bodies are parsed in the first half second, which is the service's work and not the library's.
  const later = latencies.filter((one) => one.start > start + 500);
  console.log(
    `${CUSTOMERS} customers learned from ${ROWS} rows in ${EPOCHS} epochs each, in ${seconds.toFixed(1)} s`,
  );
  console.log(`answers that differ from those of a trainer alone: ${wrong}`);
  console.log(
    `${latencies.length} predictions for others meanwhile: median ${quantile(0.5, latencies)}, ` +
      `p99 ${quantile(0.99, latencies)}, once the rows were in ${quantile(0.99, later)}`,
  );
  process.exitCode = wrong > 0 ? 1 : 0;
} finally {
  server.kill();
}
