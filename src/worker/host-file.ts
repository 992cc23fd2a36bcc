/** The file of the package's own workers, whole: pages and Node load it, and nothing beside it. */
import { startLedger } from "../index.ts";
import { serveTrainer } from "./host.ts";
import { trainerOfFile } from "./trainer-of-file.ts";

// Brings what writes ledgers: a fit here may be told to.
startLedger({ every: 1 });
serveTrainer(trainerOfFile);
