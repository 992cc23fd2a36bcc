/** Keeps what it is sent in the origin's private file system, as a worker of a page does. */
import { keepInOpfs } from "../../examples/files/browser.mjs";

addEventListener("message", async ({ data: [name, bytes] }) => {
  try {
    await keepInOpfs(name, bytes);
    postMessage("kept");
  } catch (error) {
    postMessage(String(error));
  }
});
