/** Progress on stderr: a bar where that is a terminal, nothing elsewhere. */
import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  /** Shows where the work is; the total may change on the way. */
  show(done: number, total: number, text: string): void;
  /** Takes the bar away. */
  end(): void;
}

const SILENT: Progress = { show() {}, end() {} };
const COLUMNS = 80;

/** @param isQuiet no bar, whatever stderr is */
export function startProgress(isQuiet: boolean): Progress {
  const { stderr } = process;
  if (isQuiet || !stderr.isTTY) return SILENT;
  const width = Math.min(stderr.columns ?? COLUMNS, 120);
  const barsize = 24;
  const bar = new SingleBar(
    {
      format: "{bar} {value}/{total} {text}",
      barsize,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      linewrap: false,
      // A redraw costs as much as an epoch of a small network.
      fps: 10,
      gracefulExit: false,
      stream: stderr,
    },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    show(done, total, text) {
      const room = Math.max(0, width - barsize - `${total}`.length * 2 - 4);
      const payload = { text: text.slice(0, room) };
      if (!isStarted) bar.start(total, done, payload);
      isStarted = true;
      bar.setTotal(total);
      bar.update(done, payload);
    },
    end() {
      if (isStarted) bar.stop();
      isStarted = false;
    },
  };
}
