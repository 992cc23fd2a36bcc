/** What the web platform has and JavaScriptCore's shell has not, as far as the package and the runs need it. */
globalThis.TextEncoder ??= class {
  encode(text) {
    return Uint8Array.from(unescape(encodeURIComponent(text)), (c) => c.charCodeAt(0));
  }
};

globalThis.TextDecoder ??= class {
  decode(units) {
    return String.fromCharCode(...units);
  }
};

globalThis.MessageChannel ??= class {
  port1 = { onmessage: undefined };
  port2 = { postMessage: () => setTimeout(() => this.port1.onmessage?.(), 0) };
};

globalThis.AbortController ??= class {
  signal = { aborted: false, reason: undefined, listeners: [] };
  constructor() {
    const { signal } = this;
    signal.addEventListener = (_type, listener) => signal.listeners.push(listener);
    signal.removeEventListener = (_type, listener) => {
      signal.listeners = signal.listeners.filter((l) => l !== listener);
    };
    signal.throwIfAborted = () => {
      if (signal.aborted) throw signal.reason;
    };
  }
  abort(reason) {
    Object.assign(this.signal, { aborted: true, reason });
    for (const listener of this.signal.listeners) listener();
  }
};

globalThis.Event ??= class {
  constructor(type) {
    this.type = type;
  }
};

globalThis.EventTarget ??= class {
  addEventListener() {}
  removeEventListener() {}
  dispatchEvent() {
    return true;
  }
};
