/** The page "Teach" in each browser: the same drawings give the same model. */
import { until } from "../until.mjs";

export const path = "teach/";

/** Of `filledShapes`; `teach.test.ts` has it, too. */
const DIGEST = "eeb40ffcc08d";

const says = (pattern) =>
  until(`the text ${pattern}`, () => pattern.test(document.querySelector("main").textContent));

export default async (check) => {
  await check("learns the examples to the same bits", async () => {
    await says(/Your shapes/);
    [...document.querySelectorAll("button")]
      .find(({ textContent }) => textContent === "Fill in examples")
      .click();
    await says(/Learned from 15 drawings/);
    await says(/Your model: /);
    const digest = document.querySelector("#teach code").textContent;
    if (digest !== DIGEST) throw new Error(`the model is ${digest}; expected ${DIGEST}`);
  });
};
