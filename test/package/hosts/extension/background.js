/** The extension's service worker trains, then opens the page, and answers it. */
import { train } from "./xor.js";

const trained = train();
chrome.runtime.onMessage.addListener((_message, _sender, answer) => {
  trained.then(answer, (error) => answer(String(error)));
  return true;
});
trained.finally(() => chrome.tabs.create({ url: chrome.runtime.getURL("page.html") }));
