/** The playground in every browser: it trains, draws, goes back, reads a table, and what its link says is equal. */
import { until } from "../until.mjs";

export const path = "playground/";
export const seconds = 120;

const TABLE = `width,height,kind\n${Array.from({ length: 30 }, (_, row) => {
  const [x, y] = [(row * 7) % 10, (row * 3) % 10];
  return `${x},${y},${x > y ? "wide" : "high"}`;
}).join("\n")}`;

const find = (selector, text) =>
  [...document.querySelectorAll(selector)].find(({ textContent }) => textContent.trim().startsWith(text));
const click = async (text) => {
  const button = await until(
    `a button ${text}`,
    () => find("dialog button", text) ?? find("button, label", text),
  );
  button.click();
};
const figure = (name) => find(".figures dl div", name)?.lastChild.textContent.replaceAll(",", "");

/** Colours on the stage, by their share of blue and red: what is drawn has several. */
function colorsOn(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colors = new Set();
  for (let at = 0; at < data.length; at += 4 * 97) colors.add(`${data[at] >> 5},${data[at + 2] >> 5}`);
  return colors.size;
}

export default async (check) => {
  await check("it trains and draws", async () => {
    await until("a first picture", () => figure("Steps") === "0");
    await click("Run");
    await until("50 steps", () => Number(figure("Steps")) >= 50);
    await click("Pause");
    await until("the button Run", () => find("button", "Run"));
    for (const canvas of document.querySelectorAll("#stage, .picture canvas"))
      await until(`a picture on ${canvas.id || "the network"}`, () => colorsOn(canvas) >= 5);
    await until("the chart", () => document.querySelector(".chart canvas"));
  });
  await check("its time slider goes back", async () => {
    const slider = document.getElementById("time");
    slider.value = "0";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await until("step 0", () => figure("Steps") === "0");
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await until("the newest step", () => Number(figure("Steps")) >= 50);
  });
  await check("a table is read and trained on", async () => {
    await click("Your own table");
    const field = await until("the field", () => document.querySelector(".own-table textarea"));
    field.value = TABLE;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise(requestAnimationFrame);
    await click("Read the table");
    await click("Use this table");
    await until("its classes", () => find(".legend li", "wide"));
    await click("Step");
    await until("a step", () => figure("Steps") === "1");
  });
  await check("its link says that it is equal", async () => {
    await click("Link");
    const { value } = await until("a link", () => document.getElementById("link-field"));
    await click("Close");
    location.hash = new URL(value).hash;
    const text = await until("a verdict", () => {
      const found = document.querySelector(".verdict")?.textContent ?? "";
      return /Equal|Other|Not checked|damaged/.test(found) && found;
    });
    if (!text.startsWith("Equal: 1 step on this machine")) throw new Error(text);
  });
};
