// Pinning threads. Node has no call for it; on Linux the thread's own id is what /proc/thread-self points to (a
// synchronous readlink runs on the calling thread), and util-linux' taskset takes it. Elsewhere threads stay free
// and the report says so.

import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * @typedef {{ apart: [number, number] | null, reason: string | null }} Cpus
 */

/** @param {string} list e.g. `0-3,8` */
function expand(list) {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [low, high = low] = range.split('-').map(Number);
      return Array.from({ length: high - low + 1 }, (_, i) => low + i);
    });
}

/** @param {number} cpu */
function coreOf(cpu) {
  try {
    return readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`, 'utf8').trim();
  } catch {
    return String(cpu);
  }
}

/**
 * The two CPUs to use: of two cores, because hyper-threads of one share their first cache and would measure
 * something else. The highest ones, because CPU 0 takes most interrupts; on a machine with two there is no choice.
 *
 * @returns {Cpus}
 */
export function chooseCpus() {
  if (process.platform !== 'linux') return { apart: null, reason: `no pinning from Node on ${process.platform}` };
  let allowed;
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    allowed = expand(/** @type {RegExpMatchArray} */ (status.match(/^Cpus_allowed_list:\s*(.+)$/m))[1]);
    execFileSync('taskset', ['-p', String(process.pid)], { stdio: 'ignore' });
  } catch (error) {
    return { apart: null, reason: `taskset is not to be had (${/** @type {Error} */ (error).message})` };
  }
  if (allowed.length < 2) return { apart: null, reason: 'only one CPU is allowed to this process' };
  const last = /** @type {number} */ (allowed.at(-1));
  const other = allowed.findLast((cpu) => coreOf(cpu) !== coreOf(last)) ?? /** @type {number} */ (allowed.at(-2));
  return { apart: [other, last], reason: null };
}

/**
 * Pins the calling thread. Threads started later by it inherit this, so an orchestrator starts its workers first.
 *
 * @param {number | null | undefined} cpu null: leave it free
 * @returns {boolean} whether it is pinned now
 */
export function pinThisThread(cpu) {
  if (cpu === null || cpu === undefined) return false;
  try {
    const tid = /** @type {string} */ (readlinkSync('/proc/thread-self').split('/').pop());
    execFileSync('taskset', ['-pc', String(cpu), tid], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
