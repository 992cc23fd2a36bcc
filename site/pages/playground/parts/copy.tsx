/** A button that copies a text; where the browser refuses, it selects the text and says how to go on. */
import { useState } from "preact/hooks";
import { announce } from "../state/status.ts";

interface CopyProps {
  readonly text: string;
  readonly label: string;
  /** Selects the text on the page. */
  select(): void;
}

export function Copy({ text, label, select }: CopyProps) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied.");
      announce(`${label}: copied`);
    } catch {
      select();
      setSaid("The browser refused to copy. The text is selected: press Ctrl+C, or ⌘C on a Mac.");
      announce("The browser refused to copy. The text is selected: press Control C");
    }
  };
  return (
    <>
      <button type="button" class="primary" onClick={() => void copy()}>
        {label}
      </button>
      <span class="copied">{said}</span>
    </>
  );
}
