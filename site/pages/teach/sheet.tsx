/** Where one draws, and small pictures of what was drawn. */
import type { TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { MOST_POINTS, pointsIn } from "./shapes.ts";
import type { Drawing, Stroke } from "./teach.ts";

/** Units on each side of the sheet; a point is kept where it is this far from the last one. */
const SIDE = 1000;
const APART = 6;

const lines = (drawing: Drawing) =>
  drawing.map((stroke, i) => (
    // A stroke of one point shows as a dot.
    <polyline
      key={i}
      points={[...stroke, stroke[stroke.length - 1]].map((point) => point.join(",")).join(" ")}
    />
  ));

export function Thumbnail({ drawing }: { drawing: Drawing }) {
  return (
    <svg viewBox="-60 -60 1120 1120" aria-hidden="true">
      {lines(drawing)}
    </svg>
  );
}

interface SheetProps {
  readonly drawing: Drawing;
  /** Hears of the drawing with each point, and whether a stroke has ended. */
  readonly onDraw: (drawing: Drawing, hasEnded: boolean) => void;
}

/** Draws with a mouse, a pen or one finger: pointers that come while another draws are left alone. */
export function Sheet({ drawing, onDraw }: SheetProps) {
  const drawn = useRef<{ readonly pointer: number; readonly before: Drawing; stroke: Stroke }>(undefined);
  type Event = TargetedPointerEvent<SVGSVGElement>;
  const placesOf = (event: Event): Stroke => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const within = (part: number) => Math.round(SIDE * Math.min(1, Math.max(0, part)));
    const events = event.getCoalescedEvents?.() ?? [];
    return (events.length > 0 ? events : [event]).map(({ clientX, clientY }) => [
      within((clientX - left) / width),
      within((clientY - top) / height),
    ]);
  };
  const start = (event: Event) => {
    if (drawn.current || event.button !== 0) return;
    // Pointers of scripts cannot be captured.
    try {
      event.currentTarget.setPointerCapture(event.pointerId);
    } catch {}
    drawn.current = { pointer: event.pointerId, before: drawing, stroke: placesOf(event).slice(-1) };
    onDraw([...drawing, drawn.current.stroke], false);
  };
  const move = (event: Event) => {
    const now = drawn.current;
    if (!now || now.pointer !== event.pointerId) return;
    const room = MOST_POINTS - pointsIn(now.before);
    for (const place of placesOf(event)) {
      const [x, y] = now.stroke[now.stroke.length - 1];
      if (Math.hypot(place[0] - x, place[1] - y) >= APART && now.stroke.length < room)
        now.stroke = [...now.stroke, place];
    }
    onDraw([...now.before, now.stroke], false);
  };
  const end = (event: Event) => {
    const now = drawn.current;
    if (!now || now.pointer !== event.pointerId) return;
    drawn.current = undefined;
    onDraw([...now.before, now.stroke], true);
  };
  const strokes = drawing.length === 1 ? "1 stroke" : `${drawing.length} strokes`;
  return (
    <svg
      class="sheet"
      viewBox={`0 0 ${SIDE} ${SIDE}`}
      role="img"
      aria-label={drawing.length === 0 ? "Sheet to draw on, empty" : `Your drawing, ${strokes}`}
      onPointerDown={start}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
    >
      {drawing.length === 0 && (
        <text x="500" y="515">
          Draw here
        </text>
      )}
      {lines(drawing)}
    </svg>
  );
}
