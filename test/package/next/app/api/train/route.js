import { trainXor } from "../../../train-xor.js";

export async function GET() {
  return Response.json({ digest: await trainXor() });
}
