/** A canvas that is as fine as the screen and follows the size of its element. */
export class Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly #canvas: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  /** In CSS pixels. */
  width = 0;
  height = 0;
  #scale = 1;

  constructor(canvas: HTMLCanvasElement, onResize: () => void) {
    this.#canvas = canvas;
    this.context = canvas.getContext("2d")!;
    this.#observer = new ResizeObserver(() => {
      this.#measure();
      onResize();
    });
    this.#observer.observe(canvas);
    this.#measure();
  }

  #measure(): void {
    this.width = this.#canvas.clientWidth;
    this.height = this.#canvas.clientHeight;
    this.#scale = Math.min(2, devicePixelRatio || 1);
  }

  /** An empty sheet whose unit is a CSS pixel. False: it has no size, and nothing is to be drawn. */
  clear(): boolean {
    const width = Math.round(this.width * this.#scale);
    const height = Math.round(this.height * this.#scale);
    if (width === 0 || height === 0) return false;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return true;
  }

  close(): void {
    this.#observer.disconnect();
  }
}

/** Milliseconds of two frames on a screen of 60 Hz. */
const TWO_FRAMES = 34;
/** A picture takes a share of the time at most: one in so many. */
const SHARE = 4;

/**
 * Draws less often what takes long. Browsers fill lines after the script has ended, so what counts is by how much the two frames
 * after a picture came late.
 *
 * @param least  milliseconds between pictures at least
 */
export function sparing(draw: () => void, least = 0): () => void {
  let next = 0;
  return () => {
    const now = performance.now();
    if (now < next) return;
    draw();
    next = Number.POSITIVE_INFINITY;
    const measure = () => {
      const late = Math.max(0, performance.now() - now - TWO_FRAMES);
      next = now + Math.max(least, SHARE * late);
    };
    requestAnimationFrame(() => requestAnimationFrame(measure));
  };
}
