/** Runs a lesson of the course by its topic or problem, `node scripts/lesson.mjs xor`; without one it lists them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "examples/lessons");

/** In the order of the course. */
const lessons = Array.from(
  readFileSync(join(root, "docs/course.md"), "utf8").matchAll(/^`npm run lesson -- ([\w-]+)`/gm),
  ([, topic]) => {
    const path = join(folder, `${topic}.ts`);
    const [, title, problem] = readFileSync(path, "utf8").match(/^lesson\(\s*"(.*)",\s*"(.*)",/m);
    return { topic, path, title, problem };
  },
);

const [wanted] = process.argv.slice(2);
const lesson = lessons.find(
  ({ topic, problem }) => topic === wanted || problem.toLowerCase() === wanted?.toLowerCase(),
);
if (!lesson) {
  if (wanted) console.error(`lesson: must be one of the list; got ${JSON.stringify(wanted)}\n`);
  console.log("Lessons, each to be run by its name, for example `npm run lesson -- xor`:\n");
  const width = Math.max(...lessons.map(({ topic }) => topic.length));
  for (const { topic, title, problem } of lessons)
    console.log(`  ${topic.padEnd(width)}  ${title} (${problem})`);
  process.exitCode = wanted ? 1 : 0;
} else {
  // Written inside the package, so that "wasmgrad" means this one, through its own `exports`.
  const outfile = join(root, `build/lessons/${lesson.topic}.mjs`);
  await build({
    entryPoints: [lesson.path],
    outfile,
    bundle: true,
    packages: "external",
    format: "esm",
    target: "es2022",
    platform: "node",
    logLevel: "warning",
  });
  await import(pathToFileURL(outfile).href);
  // At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
  process.stdout.write("", () => process.exit());
}
