/** Runs a lesson of the course by its topic or problem, `node scripts/lesson.mjs xor`; without one it lists them. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { lessons } from "./lessons.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const all = lessons();
const [wanted] = process.argv.slice(2);
const lesson = all.find(
  ({ topic, problem }) =>
    topic === wanted || (problem !== undefined && problem.toLowerCase() === wanted?.toLowerCase()),
);
if (!lesson) {
  if (wanted) console.error(`lesson: must be one of the list; got ${JSON.stringify(wanted)}\n`);
  console.log("Lessons, each to be run by its name, for example `npm run lesson -- xor`:\n");
  const width = Math.max(...all.map(({ topic }) => topic.length));
  for (const { topic, title, problem } of all)
    console.log(`  ${topic.padEnd(width)}  ${problem ? `${title} (${problem})` : title}`);
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
