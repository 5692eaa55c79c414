// Records of six numbers, each of them different from record to record: what a market feed, a sensor or a profiler sends.
// The program that sends keeps one object and fills it anew, for all contenders alike; who receives looks at every field.

import { lost } from './sequence.js';

/** Fields as crosscore's `record` takes them: 32 bytes. */
export const TRADE = /** @type {const} */ ({ ts: 'f64', px: 'f64', id: 'u32', qty: 'u32', venue: 'u16', side: 'u8' });

/** @typedef {{ ts: number, px: number, id: number, qty: number, venue: number, side: number }} Trade */

const START = 1_795_500_000_000.5;

/**
 * @param {Trade} trade an object, or where a record lies
 * @param {number} seq
 */
export function fillTrade(trade, seq) {
  trade.ts = START + seq;
  trade.px = 100 + (seq & 1023) / 8;
  trade.id = seq;
  trade.qty = (seq & 0xffff) + 1;
  trade.venue = seq & 63;
  trade.side = seq & 1;
}

export function trades() {
  const trade = { ts: 0.5, px: 0.5, id: 0, qty: 0, venue: 0, side: 0 };
  return (/** @type {number} */ seq) => {
    fillTrade(trade, seq);
    return trade;
  };
}

export function checkTrades() {
  return (/** @type {Trade} */ trade, /** @type {number} */ seq) => {
    const same =
      trade.id === seq &&
      trade.ts === START + seq &&
      trade.px === 100 + (seq & 1023) / 8 &&
      trade.qty === (seq & 0xffff) + 1 &&
      trade.venue === (seq & 63) &&
      trade.side === (seq & 1);
    if (!same) lost(seq, JSON.stringify(trade));
  };
}
