/** @type {(question: 'number' | 'object') => import('../harness/contract.js').Entry[]} */
const entries = (question) => [
  { system: 'crosscore rpc', contender: 'rpc', shape: 'crosscore', params: { question } },
  { system: 'comlink', contender: 'rpc', shape: 'comlink', params: { question } },
  { system: 'piscina', contender: 'rpc', shape: 'piscina', params: { question }, note: 'a pool of one thread' },
];

/** @type {import('../harness/contract.js').Case[]} */
export const cases = /** @type {const} */ ([
  ['rpc-number', 'a call with a number, answered with a number', 'number'],
  ['rpc-object', 'a call with an object of five fields, answered with another', 'object'],
]).map(([name, title, question]) => ({
  name,
  title,
  about: 'One call after the other, both ends in their event loops; each round trip is timed by one clock reading.',
  unit: 'µs',
  per: 'call',
  work: 10_000,
  roundTrip: true,
  entries: entries(question),
  aims: [
    { ours: 'crosscore rpc', against: 'comlink', ratio: 2 },
    { ours: 'crosscore rpc', against: 'piscina', ratio: 2 },
  ],
}));
