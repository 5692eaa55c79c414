const pair = { of: 'f64', capacity: 1024 };
const parking = { ...pair, needs: ['consumer.popSync'] };
const awaiting = { ...pair, needs: ['consumer.ready'] };

/** @type {import('../harness/contract.js').Entry[]} */
const parkEntries = [
  { system: 'crosscore, popSync', contender: 'crosscore', shape: 'round-trip-park', params: parking },
  { system: 'Atomics.wait', contender: 'atomics-wait', shape: 'round-trip' },
];

/** @type {import('../harness/contract.js').Entry[]} */
const awaitEntries = [
  { system: 'crosscore, ready', contender: 'crosscore', shape: 'round-trip-await', params: awaiting },
  { system: 'MessagePort', contender: 'message-port', shape: 'round-trip' },
  { system: 'Atomics.waitAsync', contender: 'atomics-wait', shape: 'round-trip-async', work: 4_000 },
];

const about = 'One number there and back over two rings; each round trip is timed by one clock reading (some 50 ns, in all contenders).';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'rtt-spin',
    title: 'round trip, both ends spinning',
    about,
    unit: 'ns',
    per: 'round trip',
    work: 400_000,
    roundTrip: true,
    entries: [
      { system: 'crosscore', contender: 'crosscore', shape: 'round-trip-spin', params: pair },
      { system: 'Atomics busy-spin', contender: 'atomics-spin', shape: 'round-trip', note: 'two bare cursors, no payload' },
      { system: 'tuned ring', contender: 'tuned-ring', shape: 'rtt-spin', params: { capacity: 1024 } },
    ],
    aims: [
      { ours: 'crosscore', against: 'tuned ring', ratio: 1 },
      { ours: 'crosscore', against: 'Atomics busy-spin', ratio: 0.8 },
    ],
  },
  {
    name: 'rtt-park',
    title: 'round trip, both ends sleeping, on two CPUs',
    about,
    unit: 'µs',
    per: 'round trip',
    work: 20_000,
    roundTrip: true,
    entries: parkEntries,
    aims: [{ ours: 'crosscore, popSync', against: 'Atomics.wait', ratio: 1 }],
  },
  {
    name: 'rtt-park-same-cpu',
    title: 'round trip, both ends sleeping, on one CPU',
    about,
    unit: 'µs',
    per: 'round trip',
    work: 40_000,
    placement: 'together',
    roundTrip: true,
    entries: parkEntries,
    aims: [{ ours: 'crosscore, popSync', against: 'Atomics.wait', ratio: 1 }],
  },
  {
    name: 'rtt-await',
    title: 'round trip through both event loops, on two CPUs',
    about,
    unit: 'µs',
    per: 'round trip',
    work: 20_000,
    roundTrip: true,
    entries: awaitEntries,
    aims: [{ ours: 'crosscore, ready', against: 'MessagePort', ratio: 1 }],
  },
  {
    name: 'rtt-await-same-cpu',
    title: 'round trip through both event loops, on one CPU',
    about,
    unit: 'µs',
    per: 'round trip',
    work: 120_000,
    placement: 'together',
    roundTrip: true,
    entries: awaitEntries,
    aims: [{ ours: 'crosscore, ready', against: 'MessagePort', ratio: 2 }],
  },
];
