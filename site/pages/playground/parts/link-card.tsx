/** What came of an opened link or file. What reads and replays is loaded when there is one. */
import { useEffect, useState } from "preact/hooks";
import { dropped, runFile } from "../state/dropped.ts";
import { address, isShown } from "../state/here.ts";
import { player } from "../state/run.ts";

type Card = typeof import("./opened-card.tsx").OpenedCard;

export function LinkCard() {
  const { link } = address.value;
  const [card, setCard] = useState<{ view: Card }>();
  const [isRefused, setRefused] = useState(false);
  useEffect(() => {
    if (link === undefined) return;
    import("./opened-card.tsx").then(
      ({ OpenedCard, openLink }) => {
        setCard({ view: OpenedCard });
        void openLink(link);
      },
      () => setRefused(true),
    );
  }, [link]);
  const file = runFile.value;
  useEffect(() => {
    if (!file) return;
    runFile.value = undefined;
    import("./opened-card.tsx").then(
      ({ OpenedCard, openRunFile }) => {
        setCard({ view: OpenedCard });
        void openRunFile(file);
      },
      () => setRefused(true),
    );
  }, [file]);
  useEffect(() => {
    const hold = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file || event.defaultPrevented) return;
      event.preventDefault();
      if (/\.(wasmgrad-run|json)$/i.test(file.name)) runFile.value = file;
      else if (isShown("data")) dropped.value = file;
      else
        player.say(
          "This page shows a fixed set of rows: open the whole playground to use a table of your own.",
        );
    };
    addEventListener("dragover", hold);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", hold);
      removeEventListener("drop", drop);
    };
  }, []);
  return (
    <div>
      {isRefused && <p class="bad">What reads links could not be loaded. Reload the page to try again.</p>}
      {card ? <card.view /> : link !== undefined && !isRefused && <Waiting />}
    </div>
  );
}

/** Has its place from the start, so that nothing moves when the link was read. */
const Waiting = () => (
  <div class="panel verdict">
    <p>Reading the link …</p>
  </div>
);
