/**
 * What a lesson prints as a list of words, from the text that it prints in Node and from the output of its page, so that both can be
 * compared: headings and plots are left out, and times, which differ.
 */

const PLOT = /[┤┼╭╮╰╯│]|^ +─+(────+)*$|^ {2}at the right, from the top|^ {2}x1 to the right/;

const wordsOf = (lines) =>
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

/** @param {Element} output  of a lesson's page */
export function wordsOfOutput(output) {
  const parts = [...output.querySelectorAll(".said, th, td, .claim, .bars li")];
  return wordsOf(parts.map(({ textContent }) => textContent));
}
