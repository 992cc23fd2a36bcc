/** A button that copies a text; where the browser refuses, it selects the text and says how to go on. */
import { useState } from "preact/hooks";
import { copyOrSelect } from "../../../common/copy.ts";
import { announce } from "../state/status.ts";

interface CopyProps {
  readonly text: string;
  readonly label: string;
  /** Selects the text on the page. */
  select(): void;
}

export function Copy({ text, label, select }: CopyProps) {
  const [said, setSaid] = useState({ of: "", what: "" });
  const copy = async () => {
    const what = await copyOrSelect(text, select);
    setSaid({ of: text, what });
    announce(`${label}: ${what}`);
  };
  return (
    <>
      <button type="button" class="primary" onClick={() => void copy()}>
        {label}
      </button>
      <span class="copied">{said.of === text && said.what}</span>
    </>
  );
}
