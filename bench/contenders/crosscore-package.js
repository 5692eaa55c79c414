// The package under test, as a program imports it. It may not be built, or not have grown an API yet: that is told apart
// from a fault here, once, before anything is timed.

import process from 'node:process';
import { NotAvailable } from '../harness/contract.js';

/** @returns {Promise<any>} not typed: the benches must load, and say so, where the package is not built */
export async function loadPackage() {
  const entry = new URL('../../index.js', import.meta.url).href;
  let crosscore;
  try {
    crosscore = await import(entry);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new NotAvailable(`the package is not built: npm run build (${code})`);
  }
  if (typeof crosscore.createRing !== 'function') throw new NotAvailable('index.js has no createRing: npm run build');
  return crosscore;
}

/**
 * How it crosses into Rust, and why: the express lane or Node-API.
 *
 * @param {any} crosscore
 * @returns {{ name: string, reason: string } | undefined} undefined: this version knows one way
 */
export function laneOf({ lane }) {
  if (lane === undefined && process.env.CROSSCORE_EXPRESS === '0') throw new NotAvailable('this version has no express lane');
  return lane;
}

/**
 * @param {any} crosscore
 * @param {{ of: any, capacity: number, publish?: 'each' | 'tick' | number, memory?: string }} options
 * @param {string[]} needs methods that the bench will call, e.g. `consumer.ready`
 */
export function makeRing({ createRing }, options, needs = []) {
  let ring;
  try {
    ring = createRing(options);
  } catch (error) {
    // An element kind or a way of publishing that this version does not know yet is refused as a wrong argument.
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const young = options.of === 'string' || options.publish === 'tick';
    if (young && /INVALID_ARG|UNSUPPORTED/.test(String(code))) throw new NotAvailable(message);
    throw error;
  }
  for (const need of needs) {
    const [side, method] = need.split('.');
    if (typeof ring[side][method] !== 'function') throw new NotAvailable(`${need}() is not there yet`);
  }
  return ring;
}
