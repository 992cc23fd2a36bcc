/** What the scripts of this folder do in Node. */
import { readFileSync, writeFileSync } from "node:fs";
import { EXTRAS } from "../../pages/playground/run/extras.ts";
import { decodeLink, encodeLink } from "../../pages/playground/run/link.ts";
import { replaySteps } from "../../pages/playground/run/replay-steps.ts";
import { Run, VERSION } from "../../pages/playground/run/run.ts";
import type { LinkContent } from "../../pages/playground/run/types.ts";
import { allRuns, type NamedRun } from "./configurations.ts";

export interface LinkFixture {
  readonly name: string;
  readonly link: string;
}

/** A run with what it claims. */
export function claimOf({ config, steps }: NamedRun): LinkContent {
  const run = new Run(config, EXTRAS);
  try {
    if (!run.train(steps)) throw new Error(`it diverged after step ${run.steps}`);
    return { version: VERSION, config: run.config, claim: run.claim };
  } finally {
    run.dispose();
  }
}

/** Writes the links of all runs. */
export async function makeLinks(iris: string, file: string): Promise<void> {
  const links: LinkFixture[] = [];
  for (const run of await allRuns(readFileSync(iris, "utf8")))
    links.push({ name: run.name, link: await encodeLink(claimOf(run)) });
  writeFileSync(file, `${JSON.stringify(links, undefined, 2)}\n`);
}

/** @returns what differs, by name */
export async function replayLinks(file: string): Promise<string[]> {
  const links = JSON.parse(readFileSync(file, "utf8")) as LinkFixture[];
  const differing: string[] = [];
  for (const { name, link } of links) {
    const content = await decodeLink(link);
    const answer = replaySteps(content, EXTRAS);
    const { data, parameters } = content.claim as NonNullable<LinkContent["claim"]>;
    if (answer.kind !== "done" || answer.data !== data || answer.parameters !== parameters)
      differing.push(`${name}: ${JSON.stringify(answer)}`);
  }
  return links.length > 0 ? differing : ["no link was replayed"];
}
