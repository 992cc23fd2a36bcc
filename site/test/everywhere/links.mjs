/** Links made in Node replay to the same bits through the site's replay worker; what was changed is named. */
import links from "../fixtures/links.json" with { type: "json" };

export const path = "playground/";

function equal(got, expected) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}; got ${a}`);
}

const flipped = (digest) => (digest[0] === "0" ? "1" : "0") + digest.slice(1);

export default async (check) => {
  // Not imported above: Node, which reads the path, need not know TypeScript.
  const { decodeLink, encodeLink } = await import("../../pages/playground/run/link.ts");
  const { replay } = await import("../../pages/playground/run/replay.ts");
  for (const { name, link } of links)
    await check(`the link "${name}" is equal`, async () => {
      const content = await decodeLink(link);
      const { milliseconds, state, ...verdict } = await replay(content);
      equal(verdict, { kind: "equal", steps: content.claim.steps });
      // The page goes on from it.
      equal(state instanceof Uint8Array, true);
      equal(milliseconds > 0, true);
      // The browser's deflate may write other bytes, of the same content.
      equal(await decodeLink(await encodeLink(content)), content);
    });

  const content = await decodeLink(links[0].link);
  await check("a changed bit of the parameters is said", async () => {
    const { parameters } = content.claim;
    const verdict = await replay({
      ...content,
      claim: { ...content.claim, parameters: flipped(parameters) },
    });
    equal(verdict, { kind: "differs", what: "bits", expected: flipped(parameters), got: parameters });
  });
  await check("other data are said", async () => {
    const { data } = content.claim;
    const verdict = await replay({ ...content, claim: { ...content.claim, data: flipped(data) } });
    equal(verdict, { kind: "differs", what: "data", expected: flipped(data), got: data });
  });
  await check("a version that the site does not have is said", async () => {
    const verdict = await replay({ ...content, version: "99.0.0" });
    equal(verdict.kind, "failed");
    equal(verdict.message.startsWith("This link is of version 99.0.0 of the engine"), true);
  });
  await check("a replay ends when it is told to", async () => {
    const controller = new AbortController();
    const long = { ...content, claim: { ...content.claim, steps: 1e8 } };
    const seen = [];
    const reason = await replay(
      long,
      (steps) => {
        seen.push(steps);
        controller.abort(new Error("enough"));
      },
      controller.signal,
    ).catch((error) => error.message);
    equal(reason, "enough");
    equal(seen.length > 0 && seen[0] > 0, true);
  });
  for (const [name, hash] of [
    ["cut", links[0].link.slice(0, -9)],
    [
      "flipped",
      `${links[0].link.slice(0, 60)}${links[0].link[60] === "A" ? "B" : "A"}${links[0].link.slice(61)}`,
    ],
  ])
    await check(`a ${name} link is refused by a sentence`, async () => {
      const message = await decodeLink(hash).then(
        () => "opened",
        (error) => error.message,
      );
      equal(message.startsWith("This link is damaged"), true);
    });
};
