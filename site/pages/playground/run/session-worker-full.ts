import { EXTRAS } from "./extras.ts";
import { serveSession } from "./serve-session.ts";

serveSession(EXTRAS);
