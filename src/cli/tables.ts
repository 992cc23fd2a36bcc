/** Text as the command prints it. */

/** Lines of columns, the first to the left, the others to the right. */
export function formatRows(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  return rows.map((row) =>
    row
      .map((cell, j) => (j === 0 ? cell.padEnd(widths[0]) : `   ${cell.padStart(widths[j])}`))
      .join("")
      .trimEnd(),
  );
}

/** A text in lines of at most so many characters, those after the first indented. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const seconds = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** A whole number in groups of three digits. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
