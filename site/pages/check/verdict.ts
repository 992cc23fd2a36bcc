/** What the digests of this browser come to, as sentences and as a report to send to others. */

export type Digests = Readonly<Record<string, string>>;

export interface Outcome {
  readonly version: string;
  readonly milliseconds: number;
  readonly digests: Digests;
}

/** Names of runs whose digest is not the expected one, or is missing, or that nobody expected. */
export function differing(digests: Digests, expected: Digests): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(digests)]);
  return [...names].filter((name) => digests[name] !== expected[name]);
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

/** One sentence: equal, or how many and which differ. */
export function sentenceOf({ digests, milliseconds }: Outcome, expected: Digests): string {
  const count = Object.keys(expected).length;
  const different = differing(digests, expected);
  if (different.length === 0)
    return `${count} of ${count} equal: this browser gives the same bits as every other, in ${seconds(milliseconds)}.`;
  const first = different.slice(0, 3).join("; ");
  const more = different.length > 3 ? ` and ${different.length - 3} more` : "";
  return `${count - different.length} of ${count} equal. Different: ${first}${more}.`;
}

/** Text of all: for an issue, or an appendix. */
export function reportOf(outcome: Outcome, expected: Digests, userAgent: string, date: Date): string {
  const { version, digests } = outcome;
  const different = new Set(differing(digests, expected));
  const names = [...Object.keys(expected), ...[...different].filter((name) => !(name in expected))];
  return [
    `wasmgrad ${version}: named runs`,
    date.toISOString(),
    userAgent,
    sentenceOf(outcome, expected),
    "",
    ...names.map((name) =>
      different.has(name)
        ? `DIFFERENT  ${digests[name] ?? "no digest"}  ${name}  (expected ${expected[name] ?? "nothing"})`
        : `equal      ${digests[name]}  ${name}`,
    ),
    "",
  ].join("\n");
}
