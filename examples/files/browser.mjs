/**
 * Where pages keep files: the origin's private file system, IndexedDB, a download, a server. Each takes and gives the bytes of `save()`; docs/files.md
 * shows them one by one.
 */

/**
 * Keeps bytes in the origin's private file system. In a worker only: there a file can be flushed. Two files take turns, so that a whole
 * one is there at every moment.
 */
export async function keepInOpfs(name, bytes) {
  const folder = await navigator.storage.getDirectory();
  const [newest] = await slots(folder, name);
  const slot = newest?.name === `${name}.0` ? 1 : 0;
  const handle = await folder.getFileHandle(`${name}.${slot}`, { create: true });
  const file = await handle.createSyncAccessHandle();
  try {
    file.truncate(0);
    file.write(bytes, { at: 0 });
    file.flush();
  } finally {
    file.close();
  }
}

/** The newest file that `read` takes, on pages and in workers: `await fromOpfs("model", load)`. */
export async function fromOpfs(name, read) {
  const folder = await navigator.storage.getDirectory();
  for (const file of await slots(folder, name))
    try {
      return read(new Uint8Array(await file.arrayBuffer()));
    } catch (error) {
      // One that was cut short is passed over: its digest is not right.
      if (error.name !== "FileError") throw error;
    }
  return undefined;
}

/** The files of a name, newest first. */
async function slots(folder, name) {
  const files = [];
  for (const slot of [0, 1])
    try {
      files.push(await (await folder.getFileHandle(`${name}.${slot}`)).getFile());
    } catch (error) {
      if (error.name !== "NotFoundError") throw error;
    }
  return files.sort((a, b) => b.lastModified - a.lastModified);
}

/** Keeps bytes in IndexedDB; the promise resolves when they are on the disk. */
export async function keepInIndexedDb(name, bytes) {
  const database = await openDatabase();
  const transaction = database.transaction("files", "readwrite", { durability: "strict" });
  transaction.objectStore("files").put(bytes, name);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
}

/** The bytes of a name; undefined where there are none. */
export async function fromIndexedDb(name) {
  const database = await openDatabase();
  const bytes = await settled(database.transaction("files").objectStore("files").get(name));
  database.close();
  return bytes;
}

function openDatabase() {
  const request = indexedDB.open("wasmgrad", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("files");
  return settled(request);
}

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Offers bytes for download. */
export function download(name, bytes) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The bytes of a file on a server. */
export async function fromUrl(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
