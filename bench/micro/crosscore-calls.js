import { loadPackage, makeRing } from '../contenders/crosscore-package.js';
import { lines, linesInParts } from '../workload/lines.js';
import { objects } from '../workload/objects.js';
import { TRADE, fillTrade, trades } from '../workload/trades.js';
import { CALLS, CAPACITY } from './single-call.js';

/**
 * @param {Parameters<typeof makeRing>[1]} options
 * @param {string[]} [needs]
 * @returns {Promise<{ producer: any, consumer: any }>}
 */
async function ring(options, needs) {
  return makeRing(await loadPackage(), options, needs);
}

const f64 = { of: 'f64', capacity: CAPACITY };
const BLOCK = 256;
const MESSAGE = 64;

function ignore() {}

/** Bytes: room for a round of strings or encoded objects. */
const ROOM = CALLS * 512;

const string64 = async () => ({ ...(await ring({ of: 'string', capacity: ROOM })), source: lines() });

const string64InParts = async () => ({ ...(await ring({ of: 'string', capacity: ROOM })), source: linesInParts() });

const sixNumbers = async () => {
  const { record } = await loadPackage();
  return { ...(await ring({ of: record(TRADE), capacity: CAPACITY })), source: trades() };
};

const json = async () => ({ ...(await ring({ of: 'json', capacity: ROOM })), source: objects() });

/**
 * A row for push of what `source` gives.
 *
 * @param {string} call
 * @param {() => Promise<{ producer: any, consumer: any, source: (seq: number) => any }>} open
 * @param {string} [note]
 * @returns {import('./single-call.js').SingleCall}
 */
function pushing(call, open, note) {
  return {
    call,
    system: 'crosscore',
    note,
    async make() {
      const { producer, consumer, source } = await open();
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) producer.push(source(i));
        const elapsed = performance.now() - start;
        if (consumer.drain(ignore) !== CALLS) throw new Error('not all were pushed');
        return elapsed;
      };
    },
  };
}

/**
 * A row for reading what `source` gives. `read` reads CALLS of them.
 *
 * @param {string} call
 * @param {() => Promise<{ producer: any, consumer: any, source: (seq: number) => any }>} open
 * @param {(consumer: any) => number} read returns how many it has read
 * @param {string} [note]
 * @returns {import('./single-call.js').SingleCall}
 */
function reading(call, open, read, note) {
  return {
    call,
    system: 'crosscore',
    note,
    async make() {
      const { producer, consumer, source } = await open();
      return () => {
        for (let i = 0; i < CALLS; i++) producer.push(source(i));
        const start = performance.now();
        const count = read(consumer);
        const elapsed = performance.now() - start;
        if (count !== CALLS) throw new Error(`${count} of ${CALLS} were read`);
        return elapsed;
      };
    },
  };
}

/** @param {any} consumer */
function popAll(consumer) {
  let count = 0;
  while (consumer.pop() !== undefined) count++;
  return count;
}

let sum = 0;

/** @param {any} trade */
function addTrade(trade) {
  sum += trade.px * trade.qty;
}

/** @type {import('./single-call.js').SingleCall[]} */
export const calls = [
  {
    call: 'push(f64)',
    system: 'crosscore',
    note: 'each published',
    async make() {
      const { producer, consumer } = await ring(f64);
      const into = new Float64Array(CAPACITY);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) producer.push(i);
        const elapsed = performance.now() - start;
        consumer.popMany(into);
        return elapsed;
      };
    },
  },
  {
    call: 'push(f64)',
    system: 'crosscore, two rings',
    note: 'in turn, from the same loop: V8 does not know whose crossing it will be',
    async make() {
      const rings = [await ring(f64), await ring(f64)];
      const into = new Float64Array(CAPACITY);
      let turn = 0;
      return () => {
        turn = 1 - turn;
        const { producer, consumer } = rings[turn];
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) producer.push(i);
        const elapsed = performance.now() - start;
        consumer.popMany(into);
        return elapsed;
      };
    },
  },
  {
    call: 'push(f64)',
    system: 'crosscore, publish: 32',
    async make() {
      const { producer, consumer } = await ring({ ...f64, publish: 32 });
      const into = new Float64Array(CAPACITY);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) producer.push(i);
        producer.flush();
        const elapsed = performance.now() - start;
        consumer.popMany(into);
        return elapsed;
      };
    },
  },
  {
    call: 'pop() of f64',
    system: 'crosscore',
    async make() {
      const { producer, consumer } = await ring(f64);
      const values = Float64Array.from({ length: CALLS }, (_, i) => i);
      return () => {
        producer.pushMany(values);
        producer.flush();
        let sum = 0;
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) sum += consumer.pop();
        const elapsed = performance.now() - start;
        if (sum !== (CALLS * (CALLS - 1)) / 2) throw new Error(`popped the wrong numbers: their sum is ${sum}`);
        return elapsed;
      };
    },
  },
  {
    call: 'pop() when empty',
    system: 'crosscore',
    async make() {
      const { consumer } = await ring(f64);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) consumer.pop();
        return performance.now() - start;
      };
    },
  },
  {
    call: `pushMany(${BLOCK}) + popMany`,
    system: 'crosscore',
    note: `Float64Array(${BLOCK}), both calls together`,
    async make() {
      const { producer, consumer } = await ring(f64);
      const values = Float64Array.from({ length: BLOCK }, (_, i) => i);
      const into = new Float64Array(BLOCK);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          producer.pushMany(values);
          consumer.popMany(into);
        }
        return performance.now() - start;
      };
    },
  },
  {
    call: 'reserve(1) + commit()',
    system: 'crosscore',
    note: 'one f64 in place',
    async make() {
      const { producer, consumer } = await ring(f64);
      const into = new Float64Array(CAPACITY);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          const view = producer.reserve(1);
          view[0] = i;
          producer.commit();
        }
        const elapsed = performance.now() - start;
        consumer.popMany(into);
        return elapsed;
      };
    },
  },
  {
    call: `reserve(${MESSAGE}) + commit()`,
    system: 'crosscore',
    note: 'a message of 64 B in place',
    async make() {
      const { producer, consumer } = await ring({ of: 'bytes', capacity: CALLS * 2 * MESSAGE });
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          const view = producer.reserve(MESSAGE);
          view[0] = i;
          producer.commit();
        }
        const elapsed = performance.now() - start;
        consumer.drain(ignore);
        return elapsed;
      };
    },
  },
  {
    call: `push(${MESSAGE} B)`,
    system: 'crosscore',
    async make() {
      const { producer, consumer } = await ring({ of: 'bytes', capacity: CALLS * 2 * MESSAGE });
      const message = new Uint8Array(MESSAGE);
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) producer.push(message);
        const elapsed = performance.now() - start;
        consumer.drain(ignore);
        return elapsed;
      };
    },
  },
  {
    call: `drain(fn), a message of ${MESSAGE} B`,
    system: 'crosscore',
    note: 'a view of each',
    async make() {
      const { producer, consumer } = await ring({ of: 'bytes', capacity: CALLS * 2 * MESSAGE });
      const message = new Uint8Array(MESSAGE);
      let seen = 0;
      /** @param {Uint8Array} view */
      const visit = (view) => {
        seen += view.length;
      };
      return () => {
        for (let i = 0; i < CALLS; i++) producer.push(message);
        seen = 0;
        const start = performance.now();
        consumer.drain(visit);
        const elapsed = performance.now() - start;
        if (seen !== CALLS * MESSAGE) throw new Error(`drain visited ${seen} bytes of ${CALLS * MESSAGE}`);
        return elapsed;
      };
    },
  },
  {
    call: `visit(fn), a message of ${MESSAGE} B`,
    system: 'crosscore',
    note: 'where each lies, without a view',
    async make() {
      const { producer, consumer } = await ring({ of: 'bytes', capacity: CALLS * 2 * MESSAGE }, ['consumer.visit']);
      const message = new Uint8Array(MESSAGE);
      let seen = 0;
      /** @type {(bytes: Uint8Array, start: number, end: number) => void} */
      const visit = (_bytes, start, end) => {
        seen += end - start;
      };
      return () => {
        for (let i = 0; i < CALLS; i++) producer.push(message);
        seen = 0;
        const start = performance.now();
        consumer.visit(visit);
        const elapsed = performance.now() - start;
        if (seen !== CALLS * MESSAGE) throw new Error(`visit showed ${seen} bytes of ${CALLS * MESSAGE}`);
        return elapsed;
      };
    },
  },
  pushing('push(a string of 64)', string64, 'each published'),
  pushing('push(a string of 64 in two parts)', string64InParts, 'made by a template, which V8 has not put together; with that'),
  reading('pop() of a string of 64', string64, popAll, 'each made by itself'),
  reading('drain(fn), a string of 64', string64, (consumer) => consumer.drain(ignore), 'cut from a text'),
  pushing('push(a record of 6 numbers)', sixNumbers, 'each published, its object filled'),
  reading('pop() of a record of 6 numbers', sixNumbers, popAll, 'an object of its own'),
  reading('drain(fn), a record of 6 numbers', sixNumbers, (consumer) => consumer.drain(addTrade), 'two fields read through the cursor'),
  {
    call: 'reserve(1) + commit(), a record of 6 numbers',
    system: 'crosscore',
    note: 'six fields written through the cursor',
    async make() {
      const { producer, consumer } = await sixNumbers();
      return () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) {
          fillTrade(producer.reserve(1).at(0), i);
          producer.commit();
        }
        const elapsed = performance.now() - start;
        consumer.drain(ignore);
        return elapsed;
      };
    },
  },
  pushing("push(object), 'json'", json, 'JSON.stringify is most of it'),
  reading("pop(), 'json'", json, popAll, 'JSON.parse is most of it'),
  {
    call: 'await ready(), already resolved',
    system: 'crosscore',
    note: 'something is there: no waiting',
    asynchronous: true,
    async make() {
      const { producer, consumer } = await ring(f64, ['consumer.ready']);
      producer.push(1);
      return async () => {
        const start = performance.now();
        for (let i = 0; i < CALLS; i++) await consumer.ready();
        return performance.now() - start;
      };
    },
  },
];
