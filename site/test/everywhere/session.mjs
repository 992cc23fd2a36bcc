/** The workers that train, as the site has them: driven in slices, back and forth, they end in the bits that Node claims. */
import * as Comlink from "comlink";
import links from "../fixtures/links.json" with { type: "json" };

export const path = "playground/";

const VIEW = { grid: 20, tile: 6, weights: true };

function equal(got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}; got ${a}`);
}

/** The address of a worker, from the scripts of the page. */
async function addressOf(worker) {
  const name = new RegExp(`${worker}-[\\w-]{8}\\.js`);
  for (const { src, href } of document.querySelectorAll("script[src], link[rel=modulepreload]")) {
    const script = src ?? href;
    const found = name.exec(await (await fetch(script)).text());
    if (found) return new URL(found[0], script);
  }
  throw new Error(`no script of the page names ${worker}`);
}

async function driven(worker, { config, claim }) {
  const session = Comlink.wrap(worker);
  const { frame, train, outputs } = await session.start(config, VIEW);
  equal([frame.steps, frame.states, frame.surface.length % 400], [0, [0], 0]);
  equal([train.points.length, outputs.length > 0], [2 * train.values.length, true]);
  // As a page that is shown, hidden, rewound and shown again.
  await session.advance({ milliseconds: 2 }, VIEW);
  const there = await session.advance({ steps: 33 }, VIEW);
  equal((await session.seek(20, VIEW)).steps, 20);
  equal((await session.seek(there.steps, VIEW)).steps, there.steps);
  await session.seek(11, VIEW);
  let { steps } = await session.advance({ steps: 7 }, VIEW);
  while (steps < claim.steps)
    ({ steps } = await session.advance({ steps: Math.min(29, claim.steps - steps) }, VIEW));
  equal((await session.claim()).claim, claim);
  equal((await session.file()).length > 1000, true);
}

export default async (check) => {
  const { decodeLink } = await import("../../pages/playground/run/link.ts");
  const { needsExtras } = await import("../../pages/playground/run/needs.ts");
  for (const { name, link } of links.filter((_, i) => i < 10)) {
    const content = await decodeLink(link);
    const worker = needsExtras(content.config) ? "session-worker-full" : "session-worker";
    await check(`${worker} ends "${name}" as claimed`, async () => {
      const trainer = new Worker(await addressOf(worker), { type: "module" });
      try {
        await Promise.race([
          driven(trainer, content),
          new Promise((_, reject) => {
            trainer.addEventListener("error", (event) =>
              reject(new Error(event.message ?? "the worker failed")),
            );
          }),
        ]);
      } finally {
        trainer.terminate();
      }
    });
  }
};
