/** The button that opens a saved run: what dropping its file on the page does, by keyboard and on phones. */
import { runFile } from "../state/dropped.ts";
import { closeDialog } from "./dialog.tsx";

export const OpenRunFile = () => (
  <label class="button file">
    Open a run file
    <input
      type="file"
      accept=".wasmgrad-run,.json,application/json"
      onChange={(event) => {
        const file = event.currentTarget.files?.[0];
        if (!file) return;
        runFile.value = file;
        closeDialog();
      }}
    />
  </label>
);
