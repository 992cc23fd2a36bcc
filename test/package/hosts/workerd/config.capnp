using Workerd = import "/workerd/workerd.capnp";

const xor :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "plain", worker = .plain)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const customers :Workerd.Config = (
  services = [
    (name = "main", worker = .customersWorker),
    (name = "disk", disk = (path = "build/disk", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "build/worker.mjs"),
    (name = "wasmgrad.wasm", wasm = embed "build/wasmgrad.wasm"),
  ],
  bindings = [(name = "PLAIN", service = "plain")],
  compatibilityDate = "2026-01-01",
);

const plain :Workerd.Worker = (
  modules = [
    (name = "plain.mjs", esModule = embed "build/plain.mjs"),
    (name = "wasmgrad.wasm", wasm = embed "build/wasmgrad.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);

const customersWorker :Workerd.Worker = (
  modules = [
    (name = "customers.mjs", esModule = embed "build/customers.mjs"),
    (name = "wasmgrad.wasm", wasm = embed "build/wasmgrad.wasm"),
  ],
  durableObjectNamespaces = [(className = "Customer", uniqueKey = "wasmgrad-customers", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "CUSTOMERS", durableObjectNamespace = "Customer")],
  compatibilityDate = "2026-01-01",
);
