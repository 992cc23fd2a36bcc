export { type Checkpointed, type CheckpointOptions, checkpoint, latestCheckpoint } from "./checkpoint.ts";
export { loadFile, loadTrainerFile, saveFile } from "./files.ts";
