/**
 * The lessons of the course, in its order: derivations are sections of `docs/course.md`, each of which ends with a line
 * "`npm run lesson -- topic`: what it shows", and the programs are `examples/lessons/<topic>.ts`. `npm run lesson`, the tests and
 * the site read them from here.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * @typedef {object} Lesson
 * @property {string} topic       name of its file, and of its page
 * @property {string} heading     of the derivation, without the problem's number
 * @property {string} derivation  Markdown below the heading
 * @property {string} uses        Markdown: what of the package it shows, may be ""
 * @property {string} path        of the program
 * @property {string} code        the program, without what only the formatter reads
 * @property {string} title       what it shows, in a line
 * @property {string} claim       in a sentence or two
 * @property {string} [problem]   its number in the problem set
 */

/** @returns {Lesson[]} */
export function lessons() {
  return sections()
    .slice(1)
    .map((section) => {
      const parts = section.match(
        /^(.+?)(?: \([^()]*\))?\n+([\s\S]*?)\n+`npm run lesson -- ([\w-]+)`(?:: (.*))?\s*$/,
      );
      if (!parts)
        throw new Error(`docs/course.md: a section must end with its lesson; got ${section.slice(0, 60)}`);
      const [, heading, derivation, topic, uses = ""] = parts;
      const path = join(root, "examples/lessons", `${topic}.ts`);
      const code = readFileSync(path, "utf8").replaceAll(/^\s*\/\/ biome-ignore .*\n/gm, "");
      const call = code.match(/^lesson\(\s*"(.*)",\s*"(.*)",(?:\s*"(.*)",)?\s*\);/m);
      if (!call) throw new Error(`${path}: must begin with lesson("title", "claim"); got no such call`);
      const [, title, claim, problem] = call;
      return { topic, heading, derivation, uses, path, code, title, claim, problem };
    });
}

/** The text above the first "## ", and each section without its marks. */
const sections = () => readFileSync(join(root, "docs/course.md"), "utf8").split(/^## /m);
