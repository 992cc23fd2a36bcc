/** The search in every browser: its index is WebAssembly that the content policy must let through. */
export const path = "search/";
export const seconds = 60;

const until = (isTrue) =>
  new Promise((resolve) => {
    const look = () => (isTrue() ? resolve() : setTimeout(look, 20));
    look();
  });

export default async (check) => {
  await check("finds a function by its name", async () => {
    const input = document.getElementById("query");
    input.value = "dropout";
    input.form.requestSubmit();
    const status = document.getElementById("status");
    await until(() => /“dropout”|could not/.test(status.textContent));
    const first = document.querySelector("#results a")?.getAttribute("href") ?? status.textContent;
    if (!first.endsWith("/docs/api/wasmgrad/dropout/")) throw new Error(first);
  });
};
