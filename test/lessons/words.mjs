/**
 * What a lesson prints as a list of words, from the text that it prints in Node and from the output of its page, so that both can be
 * compared: headings and plots are left out, and times, which differ.
 */

const PLOT = /[┤┼╭╮╰╯│]|^ +─+(────+)*$|^ {2}at the right, from the top|^ {2}x1 to the right/;

/** @param {string[]} lines */
export const wordsOf = (lines) =>
  lines
    .join(" ")
    .replaceAll(/\S+ ms\b/g, "ms")
    .split(/\s+/)
    .filter(Boolean);

/** @param {string} text  what `npm run lesson` prints */
export function wordsOfText(text) {
  // Title, line below, claim, blank line.
  const body = text.trimStart().split("\n").slice(2);
  const lines = body.slice(body.indexOf("") + 1).filter((line) => !PLOT.test(line));
  return wordsOf(lines.map((line) => line.replace(/^ +\d+ (?:█+ )?([\d.]+(?:e-?\d+)?)$/, "$1")));
}

/** Lines that the output of a lesson's page shows. It stands alone, so that it can be sent into a page. */
export const linesOfOutput = (output) =>
  [...output.querySelectorAll(".said, th, td, .claim, .bars li")].map(({ textContent }) => textContent);
