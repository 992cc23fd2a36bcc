/** What is made once the pages are written, in this order. Each step gets the pages and the folder of the site. */
export const AFTER = [];
