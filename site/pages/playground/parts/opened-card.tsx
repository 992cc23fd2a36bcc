/** Says what an opened link holds, how its replay goes, and how it ended. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { LinkContent } from "../run/types.ts";
import { close, type Opened, opened, replayNow } from "../state/opened.ts";
import { duration, plural, shortName } from "../state/text.ts";

export { openLink, openRunFile } from "../state/opened.ts";

type Replayed = Extract<Opened, { readonly kind: "replayed" }>;

export function OpenedCard() {
  const state = opened.value;
  if (!state) return null;
  switch (state.kind) {
    case "reading":
      return <Card>Reading the link …</Card>;
    case "refused":
      return (
        <Card kind="differs">
          <span class="bad">{state.message}</span> The playground shows another run.
        </Card>
      );
    case "shown":
      return (
        <Card>
          Opened: <Summary content={state.content} />.
        </Card>
      );
    case "asks":
      return (
        <Card onReplay={() => void replayNow(state.content)}>
          Opened: <Summary content={state.content} />. To replay all of it takes about{" "}
          {duration(1000 * Math.max(1, Math.round(state.seconds)))} here.
        </Card>
      );
    case "replays": {
      const all = state.content.claim?.steps ?? 0;
      return (
        <Card ends="Cancel" onEnd={state.stop} progress={all > 0 ? state.done / all : undefined}>
          Replaying: <Summary content={state.content} />.
        </Card>
      );
    }
    case "stopped":
      return (
        <Card onReplay={() => void replayNow(state.content)}>
          Not replayed: nothing is known of whether this run gives the same bits here.
        </Card>
      );
    case "replayed":
      return <Outcome {...state} />;
  }
}

function Outcome({ verdict, content, here }: Replayed) {
  switch (verdict.kind) {
    case "equal":
      return (
        <Card kind="equal">
          <strong class="good">Equal:</strong> {plural(verdict.steps, "step")} on this machine gave the same
          parameters to the last bit, in {duration(verdict.milliseconds)}.{" "}
          <Summary content={content} isShort />.
          {here !== undefined &&
            ` The playground shows the run before its first step: wasmgrad ${here} trains here, and may give other bits.`}
        </Card>
      );
    case "differs":
      return (
        <Card kind="differs">
          <strong class="bad">{verdict.what === "data" ? "Other data:" : "Other bits:"}</strong>{" "}
          {verdict.what === "data"
            ? "the rows are not those that the link was made of, so the parameters cannot be compared."
            : `${plural(content.claim?.steps ?? 0, "step")} on this machine gave other parameters than the link claims.`}{" "}
          The link says <Digest of={verdict.expected} />, here it is <Digest of={verdict.got} />. The
          playground shows the run before its first step.
        </Card>
      );
    case "failed":
      return (
        <Card kind="differs">
          <strong class="bad">Not checked:</strong> {verdict.message} The playground shows the run before its
          first step.
        </Card>
      );
  }
}

const Digest = ({ of }: { of: string }) => <code title={of}>{of.slice(0, 12)}…</code>;

function Summary({
  content: { config, claim, version },
  isShort,
}: {
  content: LinkContent;
  isShort?: boolean;
}) {
  const { data, layers } = config;
  return (
    <>
      {data.kind === "toy" ? (
        `${plural(data.rows, "row")} of ${data.set}`
      ) : (
        <>
          {plural(data.target.cells.length, "row")} of a table with the target{" "}
          <bdi>{shortName(data.target.name)}</bdi>
        </>
      )}
      , {plural(layers.length, "hidden layer")},{" "}
      {isShort ? "" : claim ? `${plural(claim.steps, "step")}, ` : "no steps yet, "}
      wasmgrad {shortName(version)}
    </>
  );
}

interface CardProps {
  readonly kind?: "equal" | "differs";
  readonly children: ComponentChildren;
  /** 0 to 1. */
  readonly progress?: number;
  /** Name of the button that ends this: what is shown, or a replay. */
  readonly ends?: string;
  onEnd?(): void;
  onReplay?(): void;
}

/** The button that ends stays the same element, so that the focus has a place when the other one goes. */
function Card({ kind, children, progress, ends = "Dismiss", onEnd = dismiss, onReplay }: CardProps) {
  const end = useRef<HTMLButtonElement>(null);
  return (
    <div class={kind ? `panel verdict ${kind}` : "panel verdict"}>
      <p>{children}</p>
      {progress !== undefined && <progress value={progress} max={1} aria-label="Replayed" />}
      {onReplay && (
        <button
          type="button"
          class="primary"
          onClick={() => {
            end.current?.focus();
            onReplay();
          }}
        >
          Replay
        </button>
      )}
      <button ref={end} type="button" onClick={onEnd}>
        {ends}
      </button>
    </div>
  );
}

function dismiss(): void {
  document.querySelector<HTMLElement>("button.run")?.focus();
  close();
}
