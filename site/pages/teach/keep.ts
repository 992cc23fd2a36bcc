/** Keeps what was taught in this browser, in IndexedDB. */

export interface Kept {
  readonly shapes: unknown;
  /** The model's file, where there is a model. */
  readonly file: unknown;
}

const settled = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Runs one transaction. Rejects where the browser refuses storage. */
async function withStore<T>(
  mode: IDBTransactionMode,
  does: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open("wasmgrad-teach", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  const database = await settled(opening);
  try {
    const transaction = database.transaction("kept", mode);
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await settled(does(transaction.objectStore("kept")));
    await ended;
    return result;
  } finally {
    database.close();
  }
}

export const keep = (kept: Kept): Promise<unknown> =>
  withStore("readwrite", (store) => store.put(kept, "taught"));

export const whatWasKept = (): Promise<Kept | undefined> =>
  withStore("readonly", (store) => store.get("taught"));
