/** Pages that print one line each, in frames of one page that a browser is started on. */
import { serve, visit } from "./browsers.mjs";

/** Goes before a page's own text: what it prints, or what stops it, goes to the page around. */
const LISTENER = `<!doctype html><meta charset="utf-8"><script>
  const tell = (text) => parent.postMessage([document.title, String(text)], "*");
  document.title = location.pathname.slice(1, -5);
  console.log = tell;
  addEventListener("error", ({ message, target }) => tell(message ?? target.src + " does not load"), true);
  addEventListener("unhandledrejection", ({ reason }) => tell(reason));
</script>`;

/**
 * @param pages  the text of each page, by name
 * @param files  what they load, for `serve`
 * @param headers  of each page
 * @param isolated  whether the pages are cross-origin isolated
 * @returns the first line that each page prints, by name
 */
export async function printedBy(browser, program, pages, files, { headers = {}, isolated = true } = {}) {
  const names = Object.keys(pages);
  const all = `<!doctype html><meta charset="utf-8"><body><script type="module">
    const printed = {};
    addEventListener("message", ({ data: [name, text] }) => {
      printed[name] ??= text;
      if (Object.keys(printed).length === ${names.length})
        fetch("/report", { method: "POST", body: JSON.stringify(printed) });
    });
    for (const name of ${JSON.stringify(names)}) {
      const frame = document.createElement("iframe");
      frame.src = "/" + name + ".html";
      document.body.append(frame);
    }
  </script>`;
  const framed = names.map((name) => [`/${name}.html`, { body: LISTENER + pages[name], headers }]);
  const served = { ...files, "/all.html": { body: all }, ...Object.fromEntries(framed) };
  const server = await serve(served, { isolated });
  try {
    return await visit(browser, program, server, "/all.html", 60);
  } finally {
    server.close();
  }
}
