/** The built site with some files altered on their way: what a page does about a machine that is not as it should be. */
import { serve } from "../../test/browser/browsers.mjs";
import { BASE, siteFiles } from "./serve.mjs";

/**
 * @param alterations  by pattern of the address: what becomes of the text; null: it is not there
 * @param copies  `[from, to, alter]`: files that are there once more, with another text
 */
export async function serveAltered(alterations, copies = []) {
  const files = siteFiles();
  for (const [pattern, alter] of alterations) {
    const addresses = Object.keys(files).filter((address) => pattern.test(address));
    if (addresses.length === 0) throw new Error(`no file is like ${pattern}`);
    for (const address of addresses) {
      if (alter === null) delete files[address];
      else files[address] = { ...files[address], body: alter(files[address].body.toString("utf8")) };
    }
  }
  for (const [from, to, alter] of copies) {
    const file = files[BASE + from];
    files[BASE + to] = { ...file, body: alter(file.body.toString("utf8")) };
  }
  const server = await serve(files, { isolated: false });
  return { ...server, url: server.url + BASE };
}
