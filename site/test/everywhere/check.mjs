/** "Check this browser" in every browser: by its button, all named digests equal. */
import expected from "../../../test/determinism/digests.json" with { type: "json" };
import { until } from "../until.mjs";

export const path = "check/";
export const seconds = 90;

const equal = (found, wanted, what) => {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`);
};

export default async (check) => {
  const count = Object.keys(expected).length;
  await check(`all ${count} named digests are equal`, async () => {
    const start = document.getElementById("start");
    start.click();
    equal(start.textContent, "Stop", "the button while it runs");
    await until("the end of the check", () => start.textContent === "Check again", 80);
    equal(document.getElementById("status").textContent, "Done: every run is equal.", "status");
    const verdict = document.getElementById("outcome").textContent;
    if (!verdict.startsWith(`✓ ${count} of ${count} equal`)) throw new Error(verdict);
    const rows = [...document.querySelectorAll("#runs tr")];
    const shown = Object.fromEntries(rows.map(({ cells }) => [cells[0].textContent, cells[2].textContent]));
    equal(JSON.stringify(shown), JSON.stringify(expected), "digests in the table");
  });
};
