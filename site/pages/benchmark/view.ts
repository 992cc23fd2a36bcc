/** Results as bars and as a table. Everything that comes from a result is put in as text. */
import { isEqual, type Result, scoreOf, shownTime, type Timing, totalScore } from "./results.ts";

/** Whose result it is, in the order of the bars. */
export interface Shown {
  readonly who: "Yours" | "Stored" | "Pasted";
  readonly result: Result;
}

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: (string | Node)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const timingIn = ({ workloads }: Result, name: string): Timing =>
  workloads.find((timing) => timing.name === name)!;

function bar({ who, result }: Shown, timing: Timing, most: number): HTMLElement {
  const length = element("span", "length");
  length.style.inlineSize = `${((100 * scoreOf(timing)) / most).toFixed(1)}%`;
  const value = element("span", "value", `${shownTime(timing.ms)}`);
  const line = element("div", `bar ${who.toLowerCase()}`, element("span", "who", who));
  line.append(element("span", "track", length, value));
  line.title = result.machine;
  return line;
}

/** A group of bars for each workload; what they say is in the table as well. */
export function drawBars(into: HTMLElement, shown: readonly Shown[], names: readonly string[]): void {
  const most = Math.max(
    ...shown.flatMap(({ result }) => names.map((name) => scoreOf(timingIn(result, name)))),
  );
  const groups = names.map((name) => {
    const bars = shown.map((one) => bar(one, timingIn(one.result, name), most));
    return element("div", "workload", element("div", "name", name), element("div", "", ...bars));
  });
  into.replaceChildren(...groups);
  into.setAttribute("aria-hidden", "true");
}

const header = (text: string, scope: "col" | "row") => {
  const cell = element("th", "", text);
  cell.scope = scope;
  return cell;
};

const number = (text: string) => element("td", "right", text);

export function fillTable(
  table: HTMLTableElement,
  shown: readonly Shown[],
  whats: ReadonlyMap<string, string>,
): void {
  const head = element("tr", "", header("workload", "col"), header("what is done", "col"));
  for (const { who } of shown) head.append(header(who.toLowerCase(), "col"), header("bits", "col"));
  const rows = [...whats].map(([name, what]) => {
    const row = element("tr", "", header(name, "row"), element("td", "", what));
    for (const { result } of shown) {
      const timing = timingIn(result, name);
      const equal = isEqual(timing);
      row.append(
        number(shownTime(timing.ms)),
        element("td", equal ? "good" : "bad", equal ? "equal" : "different"),
      );
    }
    return row;
  });
  const total = element(
    "tr",
    "total",
    header("score", "row"),
    element("td", "", "1000: the machine of the suite"),
  );
  for (const { result } of shown) total.append(number(`${totalScore(result)}`), element("td", ""));
  table.replaceChildren(element("thead", "", head), element("tbody", "", ...rows, total));
}
