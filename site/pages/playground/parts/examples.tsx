/** Runs that show something, with a sentence each. */
import { PRESETS } from "../run/presets.ts";
import { player } from "../state/run.ts";
import { announce } from "../state/status.ts";
import { closeDialog, Dialog } from "./dialog.tsx";
import { OpenRunFile } from "./open-run-file.tsx";

export function Examples() {
  return (
    <Dialog title="Examples">
      <ul class="examples">
        {PRESETS.map(({ id, title, sentence, config }) => (
          <li key={id}>
            <button
              type="button"
              onClick={() => {
                void player.load(config);
                player.example.value = sentence;
                closeDialog();
                announce(`${title}. ${sentence}`);
              }}
            >
              <strong>{title}</strong>
              <span>{sentence}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <OpenRunFile />
      </div>
    </Dialog>
  );
}
