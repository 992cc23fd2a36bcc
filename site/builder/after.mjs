/** What is made once the pages are written, in this order. Each step gets the pages and the folder of the site. */
import { engines } from "./engines.mjs";
import { minifyStyles } from "./minify-styles.mjs";
import { indexForSearch } from "./search-index.mjs";

export const AFTER = [minifyStyles, engines, indexForSearch];
