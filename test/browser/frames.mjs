/** The page that counts frames, by whatever clock it was given. */
import * as wasmgrad from "../../dist/index.js";
import { checkFrames } from "./checks.mjs";

await fetch("/report", { method: "POST", body: JSON.stringify(await checkFrames(wasmgrad)) });
