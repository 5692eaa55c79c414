// The other end of thread-stream.js, in the worker that thread-stream starts. It gets text in pieces of any length.

import { Writable } from 'node:stream';
import { pinThisThread } from '../harness/pinning.js';
import { LINE_LENGTH, checkLinesIn } from '../workload/lines.js';

/** @param {{ control: SharedArrayBuffer, cpu: number | null }} options */
export default function destination({ control, cpu }) {
  pinThisThread(cpu);
  const received = new Int32Array(control, 0, 1);
  const ended = new BigInt64Array(control, 8, 1);
  const check = checkLinesIn();
  let seq = 0;
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      /** @type {string} */
      const text = rest === '' ? chunk : rest + chunk;
      const whole = text.length - (text.length % LINE_LENGTH);
      for (let at = 0; at < whole; at += LINE_LENGTH, seq++) check(text, at, seq);
      rest = text.slice(whole);
      ended[0] = process.hrtime.bigint();
      Atomics.store(received, 0, seq);
      Atomics.notify(received, 0);
      done();
    },
  });
}
