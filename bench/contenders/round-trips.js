// The two ends of a round trip, made of how one number is sent and how the next one is received. One clock reading for
// each round: the end of one is the start of the next.

import { lost } from '../workload/sequence.js';

/**
 * @typedef {import('../harness/contract.js').End} End
 * @typedef {(seq: number) => void} Send
 * @typedef {(seq: number) => number} Receive `seq`: what is due
 * @typedef {(seq: number) => number | Promise<number>} ReceiveLater
 */

/**
 * @param {Send} send
 * @param {Receive} receive
 * @returns {End}
 */
export function initiator(send, receive) {
  return {
    run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        const seq = first + i;
        send(seq);
        const echo = receive(seq);
        if (echo !== seq) lost(seq, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/**
 * @param {Send} send
 * @param {Receive} receive
 * @returns {End}
 */
export function responder(send, receive) {
  return {
    run(first, count) {
      for (let i = 0; i < count; i++) send(receive(first + i));
    },
  };
}

/**
 * @param {Send} send
 * @param {ReceiveLater} receive
 * @returns {End}
 */
export function awaitingInitiator(send, receive) {
  return {
    async run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        const seq = first + i;
        send(seq);
        const echo = await receive(seq);
        if (echo !== seq) lost(seq, echo);
        const now = performance.now();
        samples[i] = now - before;
        before = now;
      }
      return { samples };
    },
  };
}

/**
 * @param {Send} send
 * @param {ReceiveLater} receive
 * @returns {End}
 */
export function awaitingResponder(send, receive) {
  return {
    async run(first, count) {
      for (let i = 0; i < count; i++) send(await receive(first + i));
    },
  };
}
