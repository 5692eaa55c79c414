// Both ends of another contender in one thread: it fills the ring and empties it, in turn. Nobody shares its cache
// lines, so what is left is the cost of the calls and of the memory that they go through.

import { shapeOf } from './inner-shape.js';

/**
 * @typedef {{ inner: string, shape: string, params: import('../harness/contract.js').Params, fill: number }} Params
 * `fill`: elements that are pushed before they are popped; at most what the ring holds
 */

/** @param {Params} params */
async function setup(params) {
  const shared = await (await shapeOf(params)).setup(params.params);
  return { shared, lane: shared.lane };
}

/**
 * @param {import('../harness/contract.js').Setup} given what the inner contender has set up
 * @param {Params} params
 */
async function bothEnds(given, params) {
  const shape = await shapeOf(params);
  const producer = await shape.producer({ ...given.shared, ...given.producer }, params.params);
  const consumer = await shape.consumer?.({ ...given.shared, ...given.consumer }, params.params);
  if (!consumer) throw new Error(`${params.inner} has no consumer of its own`);
  const { fill } = params;
  return {
    /** @type {import('../harness/contract.js').End['run']} */
    run(first, count) {
      for (let done = 0; done < count; done += fill) {
        const some = Math.min(fill, count - done);
        producer.run(first + done, some);
        consumer.run(first + done, some);
      }
    },
  };
}

export const shapes = { 'fill-and-empty': { alone: true, setup, producer: bothEnds } };
