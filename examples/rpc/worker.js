// An index of words: what it offers are the methods of its class.

import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { Duplex, rpc } from 'crosscore'

class Index {
  #documents = new Map()
  #stopped = 0

  add(id, text) {
    if (this.#documents.has(id)) {
      throw Object.assign(new RangeError(`document ${id} is there already`), { code: 'ERR_DUPLICATE' })
    }
    this.#documents.set(id, text)
    return this.#documents.size
  }

  words() {
    return new Set([...this.#documents.values()].flatMap((text) => text.split(' '))).size
  }

  async *search(word) {
    for (const [id, text] of this.#documents) if (text.includes(word)) yield { id, text }
  }

  rebuild(signal) {
    signal.addEventListener('abort', () => this.#stopped++)
    return sleep(60_000, undefined, { signal })
  }

  stopped() {
    return this.#stopped
  }

  sleep(ms) {
    return sleep(ms)
  }
}

rpc(Duplex.from(workerData), new Index())
