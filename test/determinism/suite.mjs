/** Runs the named runs wherever they can run, and says what came of it. Knows no runtime, so that tests can bring their own. */

/**
 * One way to run: a runtime, how it compiles, a number of threads.
 *
 * @typedef {{ how?: string, threads: number, run: () => Promise<Report> }} Way
 * @typedef {{ version?: string, engine?: string, threads?: number, digests?: Record<string, string>, error?: string }} Report
 * @typedef {{ name: string, find: () => Promise<{ missing: string } | { ways: Way[] }> }} Runtime
 */

/** What came of the digests of one report. */
export function judge({ digests, error, threads, why }, way, expected) {
  const names = Object.keys(expected);
  if (!digests) return { equal: 0, failures: [error ?? "no digests"] };
  const wrong = names.filter((name) => digests[name] !== expected[name]);
  const failures = wrong.map((name) => `${name}: ${digests[name] ?? "no digest"}, not ${expected[name]}`);
  for (const name of Object.keys(digests))
    if (!(name in expected)) failures.push(`${name} has no digest to compare with; record them`);
  if (threads !== way.threads)
    failures.push(`ran on ${threads} threads, not on ${way.threads}${why ? `: ${why}` : ""}`);
  return { equal: names.length - wrong.length, failures };
}

/**
 * @param say  called with a line for each result
 * @returns a result for each way of each runtime, and one for each that is not there
 */
export async function runAllIn(runtimes, expected, say = () => {}) {
  const results = [];
  const add = (result) => {
    results.push(result);
    say(lineOf(result));
  };
  for (const { name, find } of runtimes) {
    const found = await find();
    if (found.missing) {
      add({ name, missing: found.missing });
      continue;
    }
    for (const way of found.ways) {
      const start = Date.now();
      const report = await way.run().catch((error) => ({ error: String(error) }));
      const { version = "", engine = "" } = report;
      add({
        name,
        how: way.how ?? "",
        version,
        engine,
        threads: way.threads,
        of: Object.keys(expected).length,
        seconds: (Date.now() - start) / 1000,
        ...judge(report, way, expected),
      });
    }
  }
  return results;
}

/** One line of a result, and one for each thing that went wrong. */
export function lineOf(result) {
  const { name, how, version, engine, threads, equal, of, seconds, missing, failures } = result;
  if (missing) return `${name}: not run: ${missing}`;
  const where = `${name}${version && ` ${version}`}${engine && ` (${engine})`}${how && `, ${how}`}`;
  const lines = [
    `${where}, ${threads} thread${threads === 1 ? "" : "s"}: ${equal} of ${of}, ${seconds.toFixed(0)} s`,
  ];
  for (const failure of failures) lines.push(`  FAILED ${failure}`);
  return lines.join("\n");
}

/** How many digests were equal, and how many things went wrong. */
export function count(results) {
  let passed = 0;
  let failed = 0;
  for (const { equal = 0, failures = [] } of results) {
    passed += equal;
    failed += failures.length;
  }
  return { passed, failed };
}

const HEAD = ["runtime", "version", "engine", "how", "threads", "runs equal", "date"];

/** The results as a table in Markdown: results of a runtime that differ in their threads or compilers alone share a row. */
export function tableOf(results, date) {
  const rows = [];
  for (const { name, how, version, engine, threads, equal, of, missing, failures } of results) {
    if (missing) {
      rows.push({ cells: [name, "", "", "", "", `not run: ${missing}`, ""] });
      continue;
    }
    const runs = failures.length > 0 && equal === of ? "FAILED" : `${equal} of ${of}`;
    const last = rows.at(-1);
    const key = [name, how, runs].join("\n");
    if (last?.key === key) last.cells[4] += `, ${threads}`;
    else rows.push({ key, cells: [name, version, engine, how || "as it starts", `${threads}`, runs, date] });
  }
  const merged = [];
  for (const { cells } of rows) {
    const last = merged.at(-1);
    const alike = last && cells.every((cell, j) => j === 3 || cell === last[j]);
    if (alike) last[3] += `; ${cells[3]}`;
    else merged.push(cells);
  }
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(HEAD), `|${HEAD.map(() => "---|").join("")}`, ...merged.map(line)].join("\n");
}

const BEGIN = "<!-- Written by `npm run test:determinism -- --write`. -->";
const END = "<!-- End of the table. -->";

/** A page with the table of these results between its two marks. */
export function writeTable(page, results, date) {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the page must have the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, from)}${BEGIN}\n\n${tableOf(results, date)}\n\n${page.slice(to)}`;
}
