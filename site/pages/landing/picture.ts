/** The small pictures of the network that was trained last. */

const FADE_MS = 600;

/** A colour of the style sheet as numbers: the canvas stands in it. */
function colourOf(canvas: HTMLElement, name: string): number[] {
  canvas.style.color = `var(${name})`;
  const [red, green, blue] = getComputedStyle(canvas)
    .color.match(/[\d.]+/g)!
    .map(Number);
  return [red, green, blue];
}

/** The surface by colours of the classes over the ground; the one before fades out over it. */
export function drawSurface(
  canvas: HTMLCanvasElement,
  before: HTMLCanvasElement,
  surface: Float32Array,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  before.getContext("2d")?.drawImage(canvas, 0, 0);
  const [zero, one, ground] = ["--class-1", "--class-2", "--ground"].map((name) => colourOf(canvas, name));
  const image = context.createImageData(canvas.width, canvas.height);
  surface.forEach((p, i) => {
    const side = p < 0.5 ? zero : one;
    const share = 1.3 * Math.abs(p - 0.5);
    for (let at = 0; at < 3; at++) image.data[4 * i + at] = ground[at] + share * (side[at] - ground[at]);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches)
    before.animate([{ opacity: 1 }, { opacity: 0 }], FADE_MS);
}

/** Losses as a line, the first at the top, 0 at the bottom. */
export function drawLosses(chart: SVGElement, losses: readonly number[]): void {
  const { width, height } = (chart as SVGSVGElement).viewBox.baseVal;
  const most = Math.max(...losses);
  const points = losses.map(
    (loss, at) =>
      `${((at / Math.max(1, losses.length - 1)) * width).toFixed(1)},${(1 + (1 - loss / most) * (height - 2)).toFixed(1)}`,
  );
  chart.querySelector("polyline")?.setAttribute("points", points.join(" "));
}
