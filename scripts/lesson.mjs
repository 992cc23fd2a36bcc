/** Runs a lesson of the course by its number, `node scripts/lesson.mjs 03`; without one it lists them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "examples/lessons");
const lessons = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.ts$/.test(name))
  .sort();

const [wanted] = process.argv.slice(2);
const lesson = wanted && lessons.find((name) => Number.parseInt(name, 10) === Number(wanted));
if (!lesson) {
  if (wanted) console.error(`lesson: the number must be one of the list; got ${wanted}\n`);
  console.log("Lessons, to be run by number, for example `npm run lesson -- 03`:\n");
  for (const name of lessons) {
    const [, title] = readFileSync(join(folder, name), "utf8").match(/^\/\*\* (.*?)\.? \*\/$/m) ?? [];
    console.log(`  ${name.slice(0, 2)}  ${title}`);
  }
  process.exitCode = wanted ? 1 : 0;
} else {
  // Written inside the package, so that "wasmgrad" means this one, through its own `exports`.
  const outfile = join(root, `build/lessons/${lesson.slice(0, 2)}.mjs`);
  await build({
    entryPoints: [join(folder, lesson)],
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
