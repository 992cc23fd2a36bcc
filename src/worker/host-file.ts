/** The file of the package's own workers, whole: pages and Node load it, and nothing beside it. */
import { serveTrainer } from "./host.ts";
import { trainerOfFile } from "./trainer-of-file.ts";

serveTrainer(trainerOfFile);
