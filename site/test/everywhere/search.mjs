/** The search in every browser: its index is WebAssembly that the content policy must let through. */
import { until } from "../until.mjs";

export const path = "search/";
export const seconds = 60;

export default async (check) => {
  await check("finds a function by its name", async () => {
    const input = document.getElementById("query");
    input.value = "dropout";
    input.form.requestSubmit();
    const status = document.getElementById("status");
    await until("an answer", () => /“dropout”|could not/.test(status.textContent), 50);
    const first = document.querySelector("#results a")?.getAttribute("href") ?? status.textContent;
    if (!first.endsWith("/docs/api/wasmgrad/dropout/")) throw new Error(first);
  });
};
