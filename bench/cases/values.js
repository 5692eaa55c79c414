import { MEBIBYTE } from './sizes.js';

const window = { window: 1024 };
const windowed = 'at most 1,024 messages in flight';

const theirs = { system: 'postMessage', contender: 'post-message', shape: 'objects', params: window, note: windowed };

const texts = {
  system: 'postMessage, JSON text',
  contender: 'post-message',
  shape: 'object-texts',
  params: window,
  note: `JSON.stringify, a posted string, JSON.parse; ${windowed}`,
};

/**
 * @param {'json' | 'value' | 'msgpackr'} of
 * @param {string} how
 */
function ours(of, how) {
  return { system: 'crosscore', contender: 'crosscore', shape: 'objects', params: { of, capacity: MEBIBYTE }, note: how };
}

const json = ours('json', 'JSON.stringify into the ring, JSON.parse of what pop finds');

const about = 'An object of seven fields, with a list and an object within, is numbered, pushed and published by itself.';

/** @type {import('../harness/contract.js').Case[]} */
export const cases = [
  {
    name: 'json',
    title: "small objects as JSON (of: 'json')",
    about,
    unit: 'ns',
    per: 'object',
    work: 200_000,
    entries: [json, theirs, texts],
    aims: [{ ours: 'crosscore', against: 'postMessage', ratio: 3 }],
  },
  {
    name: 'json-small',
    title: "objects of three fields as JSON (of: 'json')",
    about: 'An object of a number, a word and a fraction is made, pushed and published by itself.',
    unit: 'ns',
    per: 'object',
    work: 400_000,
    entries: [
      { ...json, shape: 'small-objects' },
      { ...theirs, shape: 'small-objects' },
      { ...texts, shape: 'small-object-texts' },
    ],
    aims: [{ ours: 'crosscore', against: 'postMessage', ratio: 3 }],
  },
  {
    name: 'value',
    title: "small objects by structured clone (of: 'value')",
    about,
    unit: 'ns',
    per: 'object',
    work: 200_000,
    entries: [ours('value', "V8's serializer"), theirs],
    aims: [{ ours: 'crosscore', against: 'postMessage', ratio: 1 }],
  },
  {
    name: 'codec',
    title: 'small objects by a codec, msgpackr (of: { encode, decode })',
    about,
    unit: 'ns',
    per: 'object',
    work: 200_000,
    entries: [ours('msgpackr', 'pack and unpack, as the program gives them'), theirs],
    aims: [],
  },
];
