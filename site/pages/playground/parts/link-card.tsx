/** What came of an opened link or file. What reads and replays is loaded when there is one. */
import { useEffect, useState } from "preact/hooks";
import { dropped } from "../state/dropped.ts";
import { address } from "../state/here.ts";

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
  useEffect(() => {
    const hold = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!file || event.defaultPrevented) return;
      event.preventDefault();
      if (!/\.(wasmgrad-run|json)$/i.test(file.name)) {
        dropped.value = file;
        return;
      }
      import("./opened-card.tsx").then(
        ({ OpenedCard, openRunFile }) => {
          setCard({ view: OpenedCard });
          void openRunFile(file);
        },
        () => setRefused(true),
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
