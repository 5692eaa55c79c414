import { calls as ours } from './crosscore-calls.js';
import { calls as peers } from './peer-calls.js';

const order = [...ours, ...peers];

/** Ours and the peers' of one call side by side. */
export const calls = order.toSorted((a, b) => rank(a.call) - rank(b.call));

/** @param {string} call */
function rank(call) {
  return order.findIndex((other) => other.call === call);
}
