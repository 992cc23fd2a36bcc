/** A program that tries to leave its cell, by every way that a worker has. It prints a line for each: what it got, or "refused". */
export const escapes = (site) => `
import { say } from "./print.ts";
const site = ${JSON.stringify(site)};
const ways: Record<string, () => unknown> = {
  "fetch of this site": () => fetch(site + "site.css"),
  "fetch of this site, without asking to read": () => fetch(site + "site.css", { mode: "no-cors" }),
  "fetch of another": () => fetch("https://example.com/", { mode: "no-cors" }),
  "fetch of nothing": () => fetch("/"),
  XMLHttpRequest: () => {
    const request = new XMLHttpRequest();
    request.open("GET", site + "site.css", false);
    request.send();
    return request.status;
  },
  importScripts: () => importScripts(site + "course/cell/modules/metrics.js"),
  import: () => new Function("u", "return import(u)")(site + "course/cell/frame.js"),
  eval: () => (0, eval)("1"),
  WebSocket: () => opened(new WebSocket(site.replace("http", "ws"))),
  EventSource: () => opened(new EventSource(site)),
  "a worker of this site": () => opened(new Worker(site + "course/cell/worker.js")),
  indexedDB: () => answered(indexedDB.open("cell")),
  caches: () => caches.open("cell"),
  "caches of a worker within": () =>
    opened(new Worker(URL.createObjectURL(new Blob(["caches.open('cell').then(() => postMessage(1))"])))),
  files: () => navigator.storage.getDirectory(),
  localStorage: () => localStorage.length,
  cookies: () => document.cookie,
  "the page around": () => parent.document.title,
  "the top page": () => top!.location.href,
};
const opened = (what: any) =>
  new Promise((resolve, reject) => {
    what.onopen = what.onmessage = () => resolve("opened");
    what.onerror = () => reject(new Error("refused"));
  });
const answered = (request: IDBOpenDBRequest) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve("opened");
    request.onerror = () => reject(new Error("refused"));
  });
for (const [name, way] of Object.entries(ways)) {
  try {
    say(name + ": " + String(await way()));
  } catch {
    say(name + ": refused");
  }
}
say("origin: " + self.origin);
`;

/** How many ways there are. */
export const WAYS = escapes("").match(/^ {2}["\w][^:\n]*: \(\) =>/gm).length;
