/** What the visitor teaches, and how it changes. Nothing here is changed in place: undo keeps what was. */
import { READY, readyDrawing } from "./ready.ts";
import { answer, type Drawing, type Model, type Shape, type Stroke } from "./teach.ts";

export const FEWEST = 2;
export const MOST = 5;
/** Drawings of a shape, points of a drawing, characters of a name. */
export const MOST_DRAWINGS = 20;
export const MOST_POINTS = 2000;
const LONGEST_NAME = 40;

export const ENOUGH = 5;

export const firstShapes: readonly Shape[] = ["circle", "triangle", "star"].map((name) => ({
  name,
  drawings: [],
}));

/** Shapes with drawings in them. */
export const filledShapes = (): readonly Shape[] =>
  (["circle", "triangle", "star"] as const).map((name) => ({
    name,
    drawings: Array.from({ length: ENOUGH }, (_, i) => readyDrawing(name, 1000 + i)),
  }));

/** A name that no other shape has. */
function freeName(shapes: readonly Shape[], wanted: string): string {
  const taken = new Set(shapes.map(({ name }) => name));
  const name = wanted.slice(0, LONGEST_NAME);
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name} ${number}`)) number++;
  return `${name} ${number}`;
}

/** Also for a name that another shape has, which gets a number, and for none, which changes nothing. */
export function renamed(shapes: readonly Shape[], at: number, wanted: string): readonly Shape[] {
  const name = wanted.trim();
  if (name === "" || name === shapes[at].name) return shapes;
  const others = shapes.filter((_, i) => i !== at);
  return shapes.with(at, { ...shapes[at], name: freeName(others, name) });
}

export function withShape(shapes: readonly Shape[]): readonly Shape[] {
  const unused = READY.find((name) => shapes.every((shape) => shape.name !== name));
  return [...shapes, { name: unused ?? freeName(shapes, "shape"), drawings: [] }];
}

export const withoutShape = (shapes: readonly Shape[], at: number): readonly Shape[] =>
  shapes.toSpliced(at, 1);

export const withDrawing = (shapes: readonly Shape[], at: number, drawing: Drawing): readonly Shape[] =>
  shapes.with(at, { ...shapes[at], drawings: [...shapes[at].drawings, drawing] });

export const withoutDrawing = (shapes: readonly Shape[], at: number, drawing: number): readonly Shape[] =>
  shapes.with(at, { ...shapes[at], drawings: shapes[at].drawings.toSpliced(drawing, 1) });

export const drawingsIn = (shapes: readonly Shape[]): number =>
  shapes.reduce((sum, { drawings }) => sum + drawings.length, 0);

/** A network needs two shapes to tell apart. */
export const canTeach = (shapes: readonly Shape[]): boolean =>
  shapes.filter(({ drawings }) => drawings.length > 0).length >= FEWEST;

export const pointsIn = (drawing: Drawing): number => drawing.reduce((sum, stroke) => sum + stroke.length, 0);

/** Whether there is anything to learn from: dots have no length. */
export const hasLine = (drawing: Drawing): boolean => drawing.some(({ length }) => length > 1);

/** Whether a model is of these shapes, and takes their drawings: it may come from an earlier version of the page. */
export function isOf(model: Model, shapes: readonly Shape[]): boolean {
  const drawn = shapes.filter(({ drawings }) => drawings.length > 0);
  if (JSON.stringify(model.labels) !== JSON.stringify(drawn.map(({ name }) => name))) return false;
  try {
    return answer(model, drawn[0].drawings[0]).length === drawn.length;
  } catch {
    return false;
  }
}

/** Whether something is a drawing: it may come from a damaged store. */
function isDrawing(value: unknown): value is Drawing {
  const isPoint = (point: unknown) =>
    Array.isArray(point) &&
    point.length === 2 &&
    point.every((at) => Number.isInteger(at) && Math.abs(at) <= 10_000);
  const isStroke = (stroke: unknown): stroke is Stroke =>
    Array.isArray(stroke) && stroke.length > 0 && stroke.every(isPoint);
  return Array.isArray(value) && value.length > 0 && value.every(isStroke) && pointsIn(value) <= MOST_POINTS;
}

/** The shapes in a value from a store; undefined where it is no list of shapes. */
export function readShapes(value: unknown): readonly Shape[] | undefined {
  if (!Array.isArray(value) || value.length < FEWEST || value.length > MOST) return undefined;
  const isShape = (shape: Partial<Shape> | null) =>
    typeof shape?.name === "string" &&
    shape.name !== "" &&
    shape.name.length <= LONGEST_NAME + 4 &&
    Array.isArray(shape.drawings) &&
    shape.drawings.length <= MOST_DRAWINGS &&
    shape.drawings.every(isDrawing);
  if (!value.every(isShape) || new Set(value.map(({ name }) => name)).size < value.length) return undefined;
  return value.map(({ name, drawings }) => ({ name, drawings }));
}

/** The program that makes the model again: what learns, and the drawings it learned from. */
export function programOf(source: string, shapes: readonly Shape[]): string {
  const plain = (value: unknown) =>
    JSON.stringify(value).replace(/[\u2028\u2029]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`);
  const rows = shapes.map(
    ({ name, drawings }) =>
      `  {\n    name: ${plain(name)},\n    drawings: [\n${drawings.map((drawing) => `      ${plain(drawing)},\n`).join("")}    ],\n  },\n`,
  );
  return `// npm install wasmgrad, then run this file with Node 22.18 or newer.
${source.trim()}

const shapes: Shape[] = [
${rows.join("")}];
const model = await teach(shapes);
for (const { name, drawings } of shapes)
  for (const drawing of drawings) console.log(name, answer(model, drawing));
console.log(\`model \${model.digest()}\`);
`;
}
