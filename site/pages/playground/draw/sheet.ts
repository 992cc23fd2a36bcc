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

/** Draws less often what takes long: a picture takes a quarter of the time at most. */
export function sparing(draw: () => void): () => void {
  let next = 0;
  return () => {
    const now = performance.now();
    if (now < next) return;
    draw();
    const took = performance.now() - now;
    next = now + (took > 2 ? 4 * took : 0);
  };
}
