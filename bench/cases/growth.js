// How cost grows: not part of the plain run (`--growth` or `--case`), each point a case of its own.

/** @type {import('../harness/contract.js').Case[]} */
const capacities = [8, 10, 12, 14, 16, 18, 20, 22, 24].map((power) => {
  const capacity = 2 ** power;
  const growth = { axis: 'elements in the ring', x: capacity, group: 'f64 one at a time, by size of the ring' };
  return {
    name: `growth-capacity-2^${power}`,
    title: `one f64 at a time, ring of 2^${power}`,
    about: 'Every number published by itself.',
    unit: 'ns',
    per: 'element',
    // Several times round the largest ring, or its far end would never be touched.
    work: Math.max(4_000_000, capacity * 3),
    growth,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'push-pop', params: { of: 'f64', capacity } },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'f64-one', params: { capacity } },
      { system: 'ringbuf.js', contender: 'ringbuf', shape: 'f64-one', params: { capacity }, work: 1_500_000 },
    ],
    aims: [],
  };
});

/** @type {import('../harness/contract.js').Case[]} */
const messages = [8, 64, 512, 4096, 32_768, 262_144, 1_048_576].map((size) => {
  // Room for sixteen of the largest, and never less than the plain cases have.
  const bytes = Math.max(1024 * 1024, size * 16);
  const growth = { axis: 'bytes in a message', x: size, group: 'messages one at a time, by size of the message' };
  const work = Math.max(400, Math.min(1_000_000, Math.round(1_500_000_000 / (size + 1500))));
  return {
    name: `growth-message-${size}`,
    title: `messages of ${size} B`,
    about: 'Every message published by itself.',
    unit: 'ns',
    per: 'message',
    work,
    growth,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'messages', params: { of: 'bytes', capacity: bytes, size } },
      { system: 'tuned byte ring', contender: 'tuned-byte-ring', shape: 'messages', params: { bytes, size, publish: 1 } },
      {
        system: 'postMessage',
        contender: 'post-message',
        shape: 'messages',
        params: { window: size > 65_536 ? 8 : 256, size },
        work: Math.max(200, Math.round(work / 5)),
      },
    ],
    aims: [],
  };
});

export const cases = [...capacities, ...messages];
