/** What is made once the pages are written, in this order. Each step gets the pages and the folder of the site. */
import { engines } from "./engines.mjs";
import { firstStart } from "./first-start.mjs";
import { minifyStyles } from "./minify-styles.mjs";
import { indexForSearch } from "./search-index.mjs";

export const AFTER = [minifyStyles, engines, firstStart, indexForSearch];
