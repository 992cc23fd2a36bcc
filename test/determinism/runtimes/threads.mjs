/** Numbers of threads to run with, where a runtime shares memory between threads: odd ones leave uneven parts. */
export const THREADS = [1];
