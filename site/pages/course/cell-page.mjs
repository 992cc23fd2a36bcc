/**
 * The page in the frame that programs of the course run in. Where the origin is nobody's, as in a sandbox, WebKit takes nothing for
 * 'self': its policy names schemes instead. Once frame.js has begun, it forbids all but blobs.
 *
 * @type {import("../../builder/pages.mjs").Page}
 */
export const CELL_PAGE = {
  path: "course/cell/",
  title: "Cell",
  description: "The frame in which programs of the course run, without network and storage.",
  bare: true,
  indexed: false,
  policy: [
    "default-src 'none'",
    "script-src https: http: blob: 'wasm-unsafe-eval'",
    "worker-src blob:",
    "style-src https: http:",
    "img-src https: http:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; "),
  body: '<script src="frame.js"></script>',
};
