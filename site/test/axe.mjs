/** axe in pages of the tests. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];

/** Puts axe into a page; the content policy does not concern what a driver evaluates. */
export const addAxe = (page) => page.evaluate(source);

/**
 * What breaks a rule of WCAG 2.2 A or AA: `rule: element and what is wrong with it`.
 *
 * @param {string} [within]  a selector; default: the whole page
 */
export const violationsIn = (page, within) =>
  page.evaluate(
    async (selector, tags) => {
      const { violations } = await globalThis.axe.run(selector ?? document, {
        runOnly: { type: "tag", values: tags },
        resultTypes: ["violations"],
      });
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
      );
    },
    within,
    TAGS,
  );
