/** What the build for several threads exports beside `index.ts`. */
export { lead } from "./interpreter";
export { follow, rehearse } from "./threads";
