import { serveSession } from "./serve-session.ts";

serveSession(undefined);
