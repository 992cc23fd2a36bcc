/** What `wasmgrad bench` compares with: digests that are the same everywhere, and times of one machine. */

/** Changes with the workloads, their digests or their times: scores of one version compare. */
export const SUITE = "wasmgrad-bench 1";

/** The machine of the times, whose score is 1000. */
export const REFERENCE = "AMD EPYC (Zen 4), Node 20.20";

/** By workload: the digest of what it computes, and milliseconds of a round. */
export const RECORD: Readonly<Record<string, readonly [digest: string, ms: number]>> = {
  xor: ["121381c55cb2d78711a1831543b3d25dd379760560a9709ef4548fc0fc66a959", 0.0172],
  mlp: ["5036b0092719716f481334123fdd726e9eae0f39ec1874779c8f2a5178e4d0f2", 7.5],
  "product 16": ["767e64455befb11a90fcac04a08347485265571cf2f0f75785b9c88269656596", 0.2728],
  "product 64": ["eb677590ab2ddbf592e24b9fbad0152018db420237fe18e11611a6d2c14c86be", 0.903],
  "product 256": ["1c6e3d06cc2a7f92ff9e48e59247c638ddfddfdfa131af1d8d5481886aa331bb", 2.08],
  "product 512": ["b60f7f40b0c8e4308a0f98a96eef65eaab88c5a1e3e0c77bbd0507cc573bc6e4", 4.18],
  adam: ["d03d503074aee64181665a67bd1be3694eb5ebe7fbb05bbc7e52a422eb3b806c", 64],
  "predict 1": ["c8710ed29d38a1f1090ed9cb41b6f1e3603de14aa8512bfa387a7efa01448591", 5.84],
  "predict 100": ["c8710ed29d38a1f1090ed9cb41b6f1e3603de14aa8512bfa387a7efa01448591", 3.36],
};
