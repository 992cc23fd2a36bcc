import * as wasmgrad from "../../dist/index.js";
import { checkBlocked } from "./checks.mjs";

parent.postMessage(checkBlocked(wasmgrad), "*");
