// The two ends of a round trip, made of how one number is sent and how the next one is received. One clock reading for
// each round: the end of one is the start of the next.

import { lost } from '../workload/sequence.js';

/**
 * @typedef {import('../harness/contract.js').End} End
 * @typedef {(seq: number) => void} Send
 * @typedef {(seq: number) => number} Receive `seq`: what is due
 * @typedef {{ take(seq: number): number | undefined, wait(seq: number): any }} Home what is there, and what to await if nothing is
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
 * No async function of its own for the wait: MessagePort needs none either.
 *
 * @param {Send} send
 * @param {Home} home
 * @returns {End}
 */
export function awaitingInitiator(send, home) {
  return {
    async run(first, count) {
      const samples = new Float64Array(count);
      let before = performance.now();
      for (let i = 0; i < count; i++) {
        const seq = first + i;
        send(seq);
        let echo = home.take(seq);
        for (; echo === undefined; echo = home.take(seq)) await home.wait(seq);
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
 * @param {Home} home
 * @returns {End}
 */
export function awaitingResponder(send, home) {
  return {
    async run(first, count) {
      for (let i = 0; i < count; i++) {
        let value = home.take(first + i);
        for (; value === undefined; value = home.take(first + i)) await home.wait(first + i);
        send(value);
      }
    },
  };
}
