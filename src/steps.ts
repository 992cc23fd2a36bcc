/** Work that can be interrupted between its parts. */
export type Steps<T> = Generator<void, T>;

/** Does the work without a break. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * What is still to be done, in this order, before results that were handed out already hold anything. Lists of functions
 * rather than generators, which cost a third of a small update.
 */
export type Jobs = (() => void)[];

/** Calls a function that leaves jobs behind, and does them without a break. */
export function atOnce<T>(start: (jobs: Jobs) => T): T {
  const jobs: Jobs = [];
  const result = start(jobs);
  for (let i = 0; i < jobs.length; i++) jobs[i]();
  return result;
}

/** Such a function and its jobs as steps. */
export function* eachJob<T>(start: (jobs: Jobs) => T): Steps<T> {
  const jobs: Jobs = [];
  const result = start(jobs);
  for (let i = 0; i < jobs.length; i++) {
    if (i > 0) yield;
    jobs[i]();
  }
  return result;
}

/** Does a job when those before it are done: at once if none waits. */
export function inOrder(jobs: Jobs, job: () => void): void {
  if (jobs.length === 0) job();
  else jobs.push(job);
}

/** Numbers that are read without a break: about a third of a millisecond. */
const NUMBERS_PER_JOB = 1 << 16;

/** A job for each stretch of many rows; few rows are done at once if nothing waits before them. */
export function inStretches(
  jobs: Jobs,
  rows: number,
  rowElements: number,
  job: (from: number, count: number) => void,
): void {
  const most = Math.max(1, Math.floor(NUMBERS_PER_JOB / rowElements));
  if (jobs.length === 0 && rows <= most) job(0, rows);
  else for (let from = 0; from < rows; from += most) jobs.push(() => job(from, Math.min(most, rows - from)));
}
