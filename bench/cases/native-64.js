/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'native-64',
    title: '64-byte records from a Rust thread',
    about: 'A thread of Rust produces, JavaScript consumes.',
    unit: 'ns',
    per: 'record',
    work: 1_000_000,
    entries: [
      {
        system: 'crosscore',
        contender: 'crosscore',
        shape: 'messages',
        missing: 'the addon has no Rust-thread source that JavaScript can start yet',
      },
      {
        system: 'threadsafe function',
        contender: 'crosscore',
        shape: 'messages',
        missing: 'needs the same addon: one napi threadsafe call per record from a Rust thread',
      },
    ],
    aims: [{ ours: 'crosscore', against: 'threadsafe function', ratio: 8 }],
  },
];
