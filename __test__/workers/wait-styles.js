// The ways of waiting for one element and of sending one.

import { setImmediate as turn } from 'node:timers/promises'
import { Patience } from './patience.js'

/** One element each, or undefined at the end. */
export const receive = {
  sync: (consumer) => consumer.popSync(),
  async ready(consumer) {
    return (await consumer.ready()) ? consumer.pop() : undefined
  },
  async poll(consumer) {
    const patience = new Patience()
    for (;;) {
      const value = consumer.pop()
      if (value !== undefined) return value
      if (consumer.done) return undefined
      patience.miss()
    }
  },
  async turns(consumer) {
    for (;;) {
      const value = consumer.pop()
      if (value !== undefined || consumer.done) return value
      await turn()
    }
  },
  async iterate(consumer) {
    for await (const value of consumer) return value
    return undefined
  },
  async batches(consumer) {
    for await (const [value] of consumer.batches(1)) return value
    return undefined
  },
}

export const send = {
  sync: (producer, value) => producer.pushSync(value),
  many: (producer, value) => producer.pushManySync([value]),
  async ready(producer, value) {
    while (!producer.push(value)) await producer.ready(typeof value === 'number' ? 1 : value.length)
  },
  async poll(producer, value) {
    const patience = new Patience()
    while (!producer.push(value)) patience.miss()
  },
}

/** Which way of sending goes with which way of receiving, when one word names both. */
export const sends = { sync: 'sync', ready: 'ready', poll: 'poll', turns: 'poll', iterate: 'ready', batches: 'many' }
