/** Keeps the engine of this version in `site/engines/`. */
import { keepEngine } from "./engines.mjs";

console.log(`site: kept ${await keepEngine()}`);
