// Did anybody else run on our CPUs? Linux counts for each thread how long it was ready to run and had to wait.

import { readFileSync } from 'node:fs';

/** @returns {number | null} nanoseconds that the calling thread has waited for a CPU so far; null: not told here */
export function waitedForCpu() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]);
  } catch {
    return null;
  }
}

/** A share of the timed run above which a row says that it was disturbed. */
export const DISTURBED = 0.05;
