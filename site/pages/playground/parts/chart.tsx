/** Loss over steps, on a scale of powers of ten. What draws it is loaded with the first step. */
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { palette } from "../draw/palette.ts";
import { sparing } from "../draw/sheet.ts";
import { player } from "../state/run.ts";
import { number } from "../state/text.ts";

/** Milliseconds between pictures while training. */
const CHART_EVERY = 100;

export function Chart() {
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"empty" | "drawn" | "refused">("empty");
  useEffect(() => {
    let isOver = false;
    let close = () => {};
    const load = async () => {
      try {
        makeLanguageValid();
        const { LossChart } = await import("../draw/loss-chart.ts");
        if (isOver || !place.current) return;
        const chart = new LossChart(place.current, player.history);
        const draw = sparing(() => chart.draw(), CHART_EVERY);
        const undraw = player.onDraw(() => (player.isRunning.value ? draw() : chart.draw()));
        const unwatch = effect(() => chart.paint(palette.value));
        close = () => {
          undraw();
          unwatch();
          chart.close();
        };
        setState("drawn");
      } catch {
        setState("refused");
      }
    };
    let isLoaded = false;
    const unwatch = effect(() => {
      if (isLoaded || !player.frame.value?.steps) return;
      isLoaded = true;
      void load();
    });
    return () => {
      isOver = true;
      unwatch();
      close();
    };
  }, []);
  const loss = player.figures.value?.loss;
  return (
    <figure class="chart">
      <figcaption>
        Loss
        <span class="key key-train">training rows</span>
        <span class="key key-test">test rows</span>
      </figcaption>
      <div
        ref={place}
        class="chart-place"
        role="img"
        aria-label={
          loss
            ? `Loss over steps: now ${number(loss.train)} on training rows, ${number(loss.test)} on test rows`
            : "Loss over steps"
        }
      />
      {state === "empty" && <p class="quiet chart-note">The loss is drawn here once it trains.</p>}
      {state === "refused" && (
        <p class="quiet chart-note">
          This browser could not load the chart. The figures above are right without it.
        </p>
      )}
    </figure>
  );
}

/** uPlot asks for the formats of the browser's language when it is imported, and throws where that is no valid one, such as "C". */
function makeLanguageValid(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: "en", configurable: true });
  }
}
