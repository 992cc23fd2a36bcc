/** The way out of a cell's worker, with a limit: what is beyond it is counted, and not said. */
import { type Block, type Message, sizeOf } from "../messages.ts";

const MOST_BLOCKS = 1500;
const MOST_CHARACTERS = 5_000_000;

// The program may change what these names mean.
const post = self.postMessage.bind(self) as (message: Message) => void;

let [blocks, characters] = [0, 0];
let isCut = false;

export function say(block: Block): void {
  if (isCut) return;
  blocks++;
  characters += sizeOf(block);
  isCut = blocks > MOST_BLOCKS || characters > MOST_CHARACTERS;
  post(
    isCut
      ? {
          kind: "cut",
          why: `What it prints from here on is left out: it is more than ${MOST_BLOCKS} lines or too long.`,
        }
      : block,
  );
}

/** Says that the program is over. */
export const finish = post;
