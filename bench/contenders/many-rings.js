// Several rings of another contender between the same two threads, used in turn, so many elements at a time: what
// a program does that keeps a ring for each stream. Each ring has a sequence of its own, checked as ever.

import { shapeOf } from './inner-shape.js';

/**
 * @typedef {{ inner: string, shape: string, params: import('../harness/contract.js').Params, rings: number, turn: number }} Params
 * @typedef {{ given: any[] }} Given
 */

/** @param {Params} params */
async function setup(params) {
  const shape = await shapeOf(params);
  const producer = [];
  const consumer = [];
  let lane;
  for (let i = 0; i < params.rings; i++) {
    const made = await shape.setup(params.params);
    lane = made.lane;
    producer.push({ ...made.shared, ...made.producer });
    consumer.push({ ...made.shared, ...made.consumer });
  }
  return { producer: { given: producer }, consumer: { given: consumer }, lane };
}

/** @param {'producer' | 'consumer'} role */
function ends(role) {
  return async (/** @type {Given} */ { given }, /** @type {Params} */ params) => {
    const shape = await shapeOf(params);
    const make = shape[role];
    if (!make) throw new Error(`${params.inner} has no ${role} of its own`);
    const { turn } = params;
    /** @type {{ end: import('../harness/contract.js').End, next: number }[]} */
    const rings = [];
    for (const one of given) rings.push({ end: await make(one, params.params), next: 0 });
    let at = 0;
    return {
      /** @type {import('../harness/contract.js').End['run']} */
      run(_first, count) {
        for (let done = 0; done < count; done += turn) {
          const some = Math.min(turn, count - done);
          const ring = rings[at];
          at = (at + 1) % rings.length;
          ring.end.run(ring.next, some);
          ring.next += some;
        }
      },
    };
  };
}

export const shapes = { 'in-turn': { setup, producer: ends('producer'), consumer: ends('consumer') } };
