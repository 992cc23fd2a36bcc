export function wordsOfText(text: string): string[];
export function wordsOfOutput(output: Element): string[];
