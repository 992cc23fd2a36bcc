/** Pages with workers and threads, as users make them: by each bundler, by none, with a policy, in every browser at hand. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";
import { beforeAll, describe, expect, it } from "vitest";
import { BROWSERS, find, type Served, serve, visit } from "../browser/browsers.mjs";
import { printedBy } from "../browser/pages.mjs";
import { BUNDLERS, bundlePages } from "../bundles.ts";
import { XOR_DIGEST } from "./application.ts";
import { projectWithPackage } from "./tarball.ts";

/** Browsers that are installed. */
const PRESENT = BROWSERS.filter((browser) => find(browser));
const script = (name: string) => `<script type="module" src="/${name}.js"></script>`;

function filesIn(folder: URL, at = ""): Record<string, Served> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".js"),
  );
  return Object.fromEntries(
    paths.map((path) => [`${at}/${path}`, { body: readFileSync(new URL(path, folder)) }]),
  );
}

const dist = new URL("../../dist/", import.meta.url);
const hostFile: Served = { body: readFileSync(new URL("worker-host.js", dist)) };

/** What these leave behind is copied, as docs/workers.md says. */
const leavesFilesBehind = (bundler: (typeof BUNDLERS)[number]) =>
  bundler === "esbuild" || bundler === "rollup";
const folders = new Map<string, URL>();

beforeAll(() => {
  if (PRESENT.length > 0)
    for (const bundler of BUNDLERS) folders.set(bundler, bundlePages(bundler, "worker-pages"));
}, 600_000);

describe.each(PRESENT)("pages with workers made by all bundlers in $name", (browser) => {
  it.each([true, false])(
    "train there, to the bits of everywhere, isolated: %s",
    async (isolated) => {
      const files: Record<string, Served> = {};
      const expected: Record<string, string> = {};
      // Debian's WebKit shares no memory between threads.
      const hasThreads = isolated && browser.name !== "WebKit";
      for (const bundler of BUNDLERS) {
        Object.assign(files, filesIn(folders.get(bundler)!, `/${bundler}`));
        if (leavesFilesBehind(bundler)) files[`/${bundler}/worker-host.js`] = hostFile;
        else {
          expected[`${bundler}/own-worker`] = XOR_DIGEST;
          expected[`${bundler}/threads-in-worker`] = expect.stringMatching(
            new RegExp(`^${XOR_DIGEST} ${hasThreads ? "on 2$" : "on 1: the (page is not|runtime has no)"}`),
          );
        }
        expected[`${bundler}/in-worker`] = XOR_DIGEST;
        const threads = hasThreads ? { threads: 2, worked: true } : { threads: 1, worked: false };
        expected[`${bundler}/threads`] = JSON.stringify({ ...threads, same: true });
      }
      const pages = Object.fromEntries(Object.keys(expected).map((page) => [page, script(page)]));
      expect(await printedBy(browser, find(browser)!, pages, files, { isolated })).toEqual(expected);
    },
    120_000,
  );
});

describe.skipIf(PRESENT.length === 0).each(BUNDLERS.filter(leavesFilesBehind))(
  "a page with a worker made by %s",
  (bundler) => {
    it("is told what to do where the worker's file is missing", async () => {
      const [browser] = PRESENT;
      const pages = { "in-worker": script("in-worker") };
      const files = filesIn(folders.get(bundler)!);
      const { "in-worker": said } = await printedBy(browser, find(browser)!, pages, files);
      expect(said).toMatch(
        /^worker-start: inWorker: a worker must start and load its file; got .*worker-host\.js/,
      );
    }, 120_000);
  },
);

const POLICY = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'";
const unbundled = (base: string) => `<script type="module">
  import { adam, binaryCrossEntropy, compile, dense, sequential } from "${base}/index.js";
  import { inWorker } from "${base}/worker.js";
  const make = () =>
    compile(
      sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]),
      { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
    );
  try {
    const trainer = await inWorker(make);
    const x = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
    await trainer.fit({ x, y: [0, 1, 1, 0] }, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    console.log(await trainer.digest());
  } catch (error) {
    console.log(error.code + ": " + error.message);
  }
</script>`;

describe.each(PRESENT)("a page without a bundler in $name", (browser) => {
  const program = find(browser)!;

  it("has workers where it is isolated, where it is not, and with a policy", async () => {
    const files = filesIn(dist);
    const pages = { page: unbundled("") };
    for (const options of [{}, { isolated: false }, { headers: { "content-security-policy": POLICY } }])
      expect(await printedBy(browser, program, pages, files, options)).toEqual({ page: XOR_DIGEST });
  }, 120_000);

  it("has workers of a package that comes from another origin, by a blob", async () => {
    const anyOrigin = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" };
    const away = await serve(
      Object.fromEntries(
        Object.entries(filesIn(dist)).map(([path, file]) => [path, { ...file, headers: anyOrigin }]),
      ),
    );
    try {
      const pages = { page: unbundled(away.url) };
      expect(await printedBy(browser, program, pages, {})).toEqual({ page: XOR_DIGEST });
    } finally {
      away.close();
    }
  }, 120_000);

  it("is told what to do where its policy allows no workers", async () => {
    const headers = { "content-security-policy": POLICY.replace("worker-src 'self'", "worker-src 'none'") };
    const { page } = await printedBy(browser, program, { page: unbundled("") }, filesIn(dist), { headers });
    expect(page).toMatch(/^worker-start: .*a Content-Security-Policy worker-src 'self'/);
  }, 120_000);
});

describe.runIf(PRESENT.length > 0)("a page that Vite serves while it is written", () => {
  it("has workers of the package in node_modules", async () => {
    const [browser] = PRESENT;
    const html = `<!doctype html><script type="module">
      console.log = (text) => fetch(new URLSearchParams(location.search).get("report"),
        { method: "POST", mode: "no-cors", body: JSON.stringify(text) });
      await import("/worker-pages/in-worker.js");
    </script>`;
    const server = await createServer({
      configFile: false,
      logLevel: "error",
      root: projectWithPackage("bundlers"),
      cacheDir: fileURLToPath(new URL("../../build/vite", import.meta.url)),
      server: { port: 0, host: "127.0.0.1" },
      optimizeDeps: { force: true },
      plugins: [
        {
          name: "page",
          configureServer: ({ middlewares }) => {
            middlewares.use("/page.html", (_request, response) => {
              response.setHeader("content-type", "text/html");
              response.end(html);
            });
          },
        },
      ],
    });
    await server.listen();
    const reports = await serve({});
    try {
      const url = server.resolvedUrls?.local[0].replace(/\/$/, "") as string;
      const page = `/page.html?report=${encodeURIComponent(`${reports.url}/report`)}`;
      const printed = await visit(browser, find(browser)!, { url, report: reports.report }, page, 60);
      expect(printed).toBe(XOR_DIGEST);
    } finally {
      reports.close();
      await server.close();
    }
  }, 120_000);
});
