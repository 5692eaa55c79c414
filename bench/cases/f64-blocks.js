import { LARGE } from './sizes.js';

/**
 * @param {string} name
 * @param {number} block
 * @param {number} work
 * @param {import('../harness/contract.js').Aim[]} aims
 * @returns {import('../harness/contract.js').Case}
 */
function f64Blocks(name, block, work, aims) {
  const params = { capacity: LARGE, block };
  const ours = { of: 'f64', ...params };
  return {
    name,
    title: `Float64Array(${block}) at a time`,
    about: `A pooled block of ${block} numbers is pushed whole; the consumer checks every number.`,
    unit: 'ns',
    per: 'element',
    batch: block,
    work,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'blocks', params: ours },
      { system: 'crosscore, in place', contender: 'crosscore', shape: 'blocks-in-place', params: ours, note: 'reserve and commit, visit' },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'f64-blocks', params },
      { system: 'ringbuf.js', contender: 'ringbuf', shape: 'f64-blocks', params, work: work / 2 },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'blocks',
        params: { window: 256, block },
        work: work / 8,
        note: 'at most 256 messages in flight',
      },
    ],
    aims,
  };
}

export const cases = [
  f64Blocks('f64-batch256', 256, 80_000, [{ ours: 'crosscore', against: 'ringbuf.js', ratio: 2 }]),
  f64Blocks('f64-bulk1000', 1000, 40_000, [{ ours: 'crosscore', against: 'ringbuf.js', ratio: 2 }]),
];
