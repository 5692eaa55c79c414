import { MEBIBYTE } from './sizes.js';

const bytes = MEBIBYTE;
const ours = { of: 'bytes', capacity: MEBIBYTE };
const windowed = 'at most 1,024 messages in flight';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'msg64-one',
    title: '64-byte messages, one at a time',
    about: 'A pooled message is numbered, pushed and published by itself; the consumer checks length, front and back.',
    unit: 'ns',
    per: 'message',
    work: 1_500_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'messages', params: { ...ours, size: 64 } },
      { system: 'crosscore, in place', contender: 'crosscore', shape: 'messages-in-place', params: { ...ours, size: 64 } },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: 'messages',
        params: { bytes, size: 64, publish: 1 },
        note: 'length prefix, visited in place, paced',
      },
      {
        system: 'hand-written ring',
        contender: 'handwritten-ring',
        shape: 'msg64-one',
        params: { capacity: MEBIBYTE / 64 },
        note: '8 × f64',
      },
      {
        system: 'ringbuf.js',
        contender: 'ringbuf',
        shape: 'messages-fixed',
        params: { bytes, size: 64 },
        work: 600_000,
        note: 'Uint8Array',
      },
      {
        system: 'ringbuf.js, 8 × f64',
        contender: 'ringbuf',
        shape: 'messages-8xf64',
        params: { capacity: MEBIBYTE / 8 },
        work: 600_000,
        note: 'Float64Array: its copy goes element by element',
      },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'messages',
        params: { window: 1024, size: 64 },
        work: 150_000,
        note: `Uint8Array; ${windowed}`,
      },
      {
        system: 'postMessage, pooled Buffer',
        contender: 'post-message',
        shape: 'pooled-buffers',
        params: { window: 1024, size: 64 },
        work: 40_000,
        note: `Buffer.from: the clone takes Node's whole Buffer pool; ${windowed}`,
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'tuned byte ring', ratio: 1 },
      { ours: 'crosscore', against: 'ringbuf.js', ratio: 8 },
      { ours: 'crosscore', against: 'postMessage', ratio: 20 },
    ],
  },
  {
    name: 'msg64-batch',
    title: '64-byte messages, published every 32',
    about: 'Pushed one by one, visible in batches; against a thousand packed into one buffer that is transferred.',
    unit: 'ns',
    per: 'message',
    work: 2_000_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'messages', params: { ...ours, size: 64, publish: 32 } },
      {
        system: 'crosscore, in place',
        contender: 'crosscore',
        shape: 'messages-in-place',
        params: { ...ours, size: 64, publish: 32 },
      },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: 'messages',
        params: { bytes, size: 64, publish: 32 },
        note: 'length prefix, visited in place, paced',
      },
      {
        system: 'packed transfer',
        contender: 'packed-transfer',
        shape: 'messages',
        params: { window: 16, size: 64, block: 1000 },
        work: 1_000_000,
        note: '1,000 messages to a transferred buffer, at most 16 buffers in flight',
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'packed transfer', ratio: 2 },
      { ours: 'crosscore', against: 'tuned byte ring', ratio: 1 },
    ],
  },
  {
    name: 'msg-mixed',
    title: 'messages of 16 B to 4 KiB, one at a time',
    about: 'Sizes spread evenly on a logarithmic scale (mean about 0.7 KiB), not only multiples of eight.',
    unit: 'ns',
    per: 'message',
    work: 600_000,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'messages', params: { ...ours, size: 'mixed' } },
      { system: 'crosscore, in place', contender: 'crosscore', shape: 'messages-in-place', params: { ...ours, size: 'mixed' } },
      {
        system: 'tuned byte ring',
        contender: 'tuned-byte-ring',
        shape: 'messages',
        params: { bytes, size: 'mixed', publish: 1 },
        note: 'length prefix, visited in place, paced',
      },
      {
        system: 'ringbuf.js',
        contender: 'ringbuf',
        shape: 'messages-prefixed',
        params: { bytes, size: 'mixed' },
        work: 150_000,
        note: 'with a length in front',
      },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'messages',
        params: { window: 1024, size: 'mixed' },
        work: 100_000,
        note: `Uint8Array; ${windowed}`,
      },
    ],
    aims: [
      { ours: 'crosscore', against: 'postMessage', ratio: 8 },
      { ours: 'crosscore', against: 'ringbuf.js', ratio: 8 },
    ],
  },
];
