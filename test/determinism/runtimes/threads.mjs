/** Numbers of threads to run with, where a runtime shares memory between threads: odd ones leave uneven parts. */
export const SEVERAL = [2, 3, 5];
export const THREADS = [1, ...SEVERAL];
