export default [
  {
    path: "",
    title: "wasmgrad: neural networks on the CPU, with the same bits everywhere",
    description:
      "Train and run neural networks on the CPU, from JavaScript: in Node and in browsers, without a GPU and without setup.",
    script: "landing/main.ts",
    body: "<h1>Train neural networks where your users are</h1>",
  },
];
