/** Runs the example of a service as a reader would, on the built package. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import type { Trainer } from "../../src/index.ts";

const { makeService } = (await import(
  new URL("../../examples/service/server.mjs", import.meta.url).href
)) as {
  makeService(): FastifyInstance;
};
const background = (await import(new URL("../../examples/service/background.mjs", import.meta.url).href)) as {
  makeService(): Promise<FastifyInstance>;
  makeTrainer(): Trainer;
  rowsOf(count: number): { x: number[][]; y: number[] };
  demo(
    rows: number,
    epochs: number,
  ): Promise<{ loss: number; before: number[]; after: number[]; answers: number[] }>;
};
const root = fileURLToPath(new URL("../..", import.meta.url));

describe("a service with one trainer", () => {
  it("gives twelve customers at once, and those who predict meanwhile, what a trainer alone gives", () => {
    const said = execFileSync(process.execPath, ["examples/service/customers.mjs"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(said).toMatch(/^12 customers learned from 2000 rows in 300 epochs each/);
    expect(said).toContain("answers that differ from those of a trainer alone: 0\n");
    expect(Number(said.match(/(\d+) predictions for others meanwhile/)?.[1])).toBeGreaterThan(10);
  });

  it("answers what the library refuses with its message, and keeps the customer's state", async () => {
    const service = makeService();
    const call = (path: string, payload: object) =>
      service.inject({ method: "POST", url: `/customers/ann/${path}`, payload });
    const row = [[0, 0, 0, 0, 0, 0, 0, 1]];
    await call("learn", { x: row, y: ["walk"], epochs: 3 });
    const before = (await service.inject("/customers/ann/state")).rawPayload;
    const refused = await call("learn", { x: [[1, 2]], y: ["walk"], epochs: 3 });
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toEqual({
      name: "ShapeError",
      message: "fit: x: row 0 must have 8 numbers; got 2",
    });
    expect((await service.inject("/customers/ann/state")).rawPayload).toEqual(before);
    expect((await call("classify", { x: row })).json()).toHaveLength(1);
  });
});

describe("a service that learns in a worker", () => {
  it("answers while it learns, and then with what it learned: what a trainer alone learns", async () => {
    const { loss, before, after, answers } = await background.demo(300, 40);
    expect(answers.length).toBeGreaterThan(1);
    const trainer = background.makeTrainer();
    const predict = () => Array.from(trainer.predict([[18, 25]]).data);
    trainer.fitSync(background.rowsOf(300), { epochs: 40 });
    expect(before).toEqual(predict());
    expect(trainer.fitSync(background.rowsOf(600), { epochs: 40 }).loss).toBe(loss);
    expect(after).toEqual(predict());
  });

  it("refuses rows that do not fit, and a second training", async () => {
    const service = await background.makeService();
    const post = (url: string, payload: object) => service.inject({ method: "POST", url, payload });
    expect((await post("/predict", { x: [[1, 2]] })).statusCode).toBe(503);
    const refused = await post("/learn", { x: [[1]], y: [2], epochs: 1 });
    expect(refused.statusCode).toBe(400);
    expect(refused.json().name).toBe("ShapeError");
    const rows = background.rowsOf(200);
    expect((await post("/learn", { ...rows, epochs: 1e9 })).statusCode).toBe(202);
    expect((await post("/learn", { ...rows, epochs: 1 })).statusCode).toBe(409);
    await service.close();
  });
});
