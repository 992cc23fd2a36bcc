import { fileURLToPath } from "node:url";

// The folder with the lock file that counts, of all those above this one.
const root = fileURLToPath(new URL(".", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root };
