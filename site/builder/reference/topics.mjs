/** Topics of an entry point with many exports, by the files that they come from: the first that matches. */
const TOPICS = [
  ["Models", /^src\/model\/(?:functional|model|composition|symbolic|tensor|summary|layer)\.ts|^src\/graph/],
  [
    "Layers",
    /^src\/model\/layers\/(?!attention|convolution|depthwise|pooling|recurrent|positions|logic|windows)/,
  ],
  ["Images and sequences", /^src\/model\/layers\/(?:convolution|depthwise|pooling|windows)/],
  ["Recurrence and attention", /^src\/model\/layers\/(?:recurrent|attention|positions)/],
  ["Activations and weights", /^src\/model\/activations/],
  ["Preprocessing", /^src\/(?:preprocess|model\/(?:preprocessing|columns))/],
  ["Losses", /^src\/(?:train\/(?:\w+-)?loss|model\/custom-loss)/],
  ["Optimizers", /^src\/plan\/(?:clip|optimizer)|^src\/train\/(?:.*optimizers|penalties|features|kinds)/],
  ["Learning rates", /^src\/train\/(?:schedules|learning-rate|restarts)/],
  ["Training", /^src\/train\/(?!value-and-grad|perceptron|ledger)/],
  ["Predicting and states", /^src\/program/],
  ["Data and results", /^src\/rows/],
  ["Functions", /^src\/train\/value-and-grad/],
  ["Files", /^src\/(?:files|safetensors)/],
  ["Checking and seeing", /^src\/inspect/],
  ["Runs that others can verify", /^src\/(?:ledger|train\/ledger)/],
  ["Units and bits", /^src\/(?:train\/perceptron|model\/layers\/logic)/],
  ["Engines", /^src\/(?:runtime|threads|version)/],
  ["Errors", /^src\/errors/],
];

/**
 * Exports by topic. Entry points with few have one, without a name.
 *
 * @returns {[title: string, exports: object[]][]}
 */
export function byTopic({ name, exports }) {
  if (name !== "wasmgrad") return [["", exports]];
  const topics = new Map(TOPICS.map(([title]) => [title, []]));
  for (const one of exports) {
    const file = one.sources[0].fileName;
    const [title] = TOPICS.find(([, pattern]) => pattern.test(file)) ?? [];
    if (!title) throw new Error(`${file}: must have a topic in site/builder/reference/topics.mjs`);
    topics.get(title).push(one);
  }
  return Array.from(topics).filter(([, members]) => members.length > 0);
}
