// The answers of one call, as they arrive.

import { decode } from './payload.js'
import { WINDOW } from './rpc-frames.js'

/** A stream of answers, as it arrives. */
export class Incoming implements AsyncIterableIterator<unknown> {
  readonly #pull: (count: number) => void
  readonly #leave: () => void
  readonly #items: Uint8Array[] = []
  #waiting: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }[] = []
  #taken = 0
  #ended = false
  #failed: { error: unknown } | undefined

  constructor(pull: (count: number) => void, leave: () => void) {
    this.#pull = pull
    this.#leave = leave
  }

  put(payload: Uint8Array): void {
    if (this.#ended) return
    const next = this.#waiting.shift()
    if (next === undefined) this.#items.push(payload)
    else this.#give(payload, next)
  }

  end(): void {
    this.#ended = true
    for (const next of this.#waiting.splice(0)) next.resolve({ done: true, value: undefined })
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    const [first, ...others] = this.#waiting.splice(0)
    if (first === undefined) this.#failed = { error }
    else first.reject(error)
    for (const next of others) next.resolve({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      const item = this.#items.shift()
      if (item !== undefined) this.#give(item, { resolve, reject })
      else if (this.#failed !== undefined) {
        reject(this.#failed.error)
        this.#failed = undefined
      } else if (this.#ended) resolve({ done: true, value: undefined })
      else this.#waiting.push({ resolve, reject })
    })
  }

  return(): Promise<IteratorResult<unknown>> {
    const ended = this.#ended
    this.#items.length = 0
    this.#failed = undefined
    this.end()
    if (!ended) this.#leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #give(payload: Uint8Array, { resolve, reject }: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void }): void {
    // Half a window at a time: a message for each item would cost as much as the item.
    if (++this.#taken === WINDOW / 2) {
      this.#taken = 0
      if (!this.#ended) this.#pull(WINDOW / 2)
    }
    try {
      resolve({ done: false, value: decode(payload) })
    } catch (error) {
      reject(error)
    }
  }
}

/** The asyncIterator of every answer: that of the stream which it turns out to be. */
function iterateAnswer(this: Promise<unknown>): AsyncIterator<unknown> {
  let iterator: AsyncIterator<unknown> | undefined
  const begin = async (): Promise<AsyncIterator<unknown>> => {
    const answer = await this
    if (!(answer instanceof Incoming)) throw new TypeError('the answer is no stream: await it')
    return (iterator = answer)
  }
  return {
    next: async () => (iterator ?? (await begin())).next(),
    return: async () => {
      const answer = iterator ?? (await begin())
      return answer.return!()
    },
  }
}

/** Lets an answer be iterated without being awaited. */
export function iterable(answer: Promise<unknown>): Promise<unknown> & AsyncIterable<unknown> {
  return Object.assign(answer, { [Symbol.asyncIterator]: iterateAnswer })
}
