/** Files for the visitor: the model, and a picture of the stage. */
import { saveFile as handOver } from "../../../common/save-file.ts";
import { player } from "../state/run.ts";
import { announce } from "../state/status.ts";

/** Saves a file, and says so. */
export function saveFile(name: string, content: BlobPart, type: string): void {
  handOver(name, content, type);
  announce(`Saved ${name}`);
}

export async function saveModel(): Promise<void> {
  try {
    const bytes = await player.ask((session) => session.file());
    saveFile("model.safetensors", bytes as Uint8Array<ArrayBuffer>, "application/octet-stream");
  } catch (error) {
    player.say(error);
  }
}

export async function savePicture(): Promise<void> {
  const start = player.start.value;
  const frame = player.frame.value;
  if (!start || !frame) return;
  try {
    const { pictureOf } = await import("../draw/picture.ts");
    saveFile("wasmgrad.png", await pictureOf(frame, start), "image/png");
  } catch (error) {
    player.say(error);
  }
}
