using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "build/worker.mjs"),
    (name = "wasmgrad/wasmgrad.wasm", wasm = embed "node_modules/wasmgrad/dist/wasmgrad.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
