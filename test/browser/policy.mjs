import * as wasmgrad from "../../dist/index.js";
import { checkPolicy } from "./checks.mjs";

parent.postMessage(await checkPolicy(wasmgrad), "*");
