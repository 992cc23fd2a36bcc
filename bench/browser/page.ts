/** The page that measures. What it imports may fail, too: that is reported like the rest. */
let body: object;
try {
  const { measureEngine } = await import("./measure.ts");
  body = measureEngine();
} catch (error) {
  body = { error: `${error}\n${(error as Error).stack ?? ""}` };
}
await fetch("/report", {
  method: "POST",
  body: JSON.stringify({ userAgent: navigator.userAgent, ...body }),
});

export {};
