export function wordsOf(lines: string[]): string[];
export function wordsOfText(text: string): string[];
export function linesOfOutput(output: Element): string[];
