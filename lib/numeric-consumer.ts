// The consumer of numbers and bigints.

import { inspect } from 'node:util'
import type {
  BigIntKind,
  BlockOptions,
  Consumer,
  ConsumerToken,
  NumberKind,
  NumericArray,
  ReadyOptions,
  Stats,
} from '../index.js'
import { BATCH_WORK, iterate } from './async-iterator.js'
import * as control from './control.js'
import { checkCallback, checkInteger, CrosscoreError, invalidArgument } from './errors.js'
import { checkAttached, typedArrayName } from './input.js'
import type { NumericKind, NumericMethods, NumericView } from './kinds.js'
import type { Port } from './port.js'
import { unfoldUp } from './span.js'
import { owe, settleThread } from './turn.js'
import { blockSlice, deadlineOf, Doorbell, signalOf } from './waiting.js'

// V8 folds a constant of this module into the code of pop, and loads one of another module each time, with checks.
const { KNOWN, PENDING } = control
// V8 looks these up in each call where several kinds of typed arrays are about.
const { set, subarray } = Uint8Array.prototype as unknown as NumericMethods

type Kind = NumberKind | BigIntKind
type Value = number | bigint

/**
 * Keeps its position and its counts as plain numbers and crosses into Rust when its count of
 * elements runs out, or when enough slots are to be given back.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class NumericConsumer implements Consumer<Kind> {
  readonly #port: Port
  readonly #kind: NumericKind
  readonly #view: NumericView
  readonly #words: Uint32Array
  readonly #release: () => true | undefined
  readonly #nativeLook: () => true | undefined
  /** In elements, a power of two. */
  readonly #capacity: number = 0
  readonly #mask: number = 0
  /** In bytes. */
  readonly #size: number = 0
  /** Bytes that are given back together: a quarter of the ring, at least an element. */
  readonly #lap: number = 0
  readonly #heap: boolean = false
  readonly #doorbell: Doorbell
  /** The oldest element. */
  #index: number = 0
  #available = 0
  /** Elements of the last peek that were not released, and where they begin: a pop makes them void. */
  #peeked = 0
  #peekedAt = 0
  /** A callback of visit is looking at elements. */
  #visiting = false
  /** On the list of what this thread owes. */
  #owing = false

  constructor(port: Port, kind: NumericKind) {
    this.#port = port
    this.#kind = kind
    this.#view = new kind.view(port.bytes.buffer as ArrayBuffer)
    this.#words = port.words
    this.#release = port.native.publish
    this.#nativeLook = port.native.look
    this.#size = 1 << kind.shift
    port.elementSize = this.#size
    this.#capacity = port.capacity >>> kind.shift
    this.#mask = this.#capacity - 1
    this.#lap = Math.max(this.#size, port.capacity >>> 2)
    this.#heap = port.memory === 'heap'
    this.#doorbell = new Doorbell(port)
    this.#index = port.native.offset >>> kind.shift
  }

  pop(): Value | undefined {
    if (this.#available === 0 && this.#look(1) === 0) return undefined
    const index = this.#index
    const value = this.#view[index]
    // What #read(1) does, written out: this is the path that every element takes.
    this.#index = (index + 1) & this.#mask
    this.#available--
    const pending = this.#words[PENDING]! + this.#size
    this.#words[PENDING] = pending
    if (pending >= this.#lap) this.#release()
    else if (this.#owing === false) this.#owe()
    return value
  }

  popSync(options?: BlockOptions): Value | undefined {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    for (;;) {
      const value = this.pop()
      if (value !== undefined) return value
      if (this.#port.flaggedDone || !blockSlice(this.#port, this.#size, deadline)) return undefined
    }
  }

  ready(options?: ReadyOptions): Promise<boolean> {
    try {
      return this.#doorbell.wait(1, () => this.#hasData(), signalOf(options))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #hasData(): boolean | undefined {
    this.#checkIdle()
    if (this.#available > 0) return true
    this.#refresh()
    if (this.#available > 0) return true
    return this.#port.flaggedDone ? false : undefined
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Value> {
    return iterate(this, this.#port)
  }

  batches(max: number = this.#capacity): AsyncIterableIterator<NumericView> {
    checkInteger('max', max, 1, Number.MAX_SAFE_INTEGER)
    return iterate({
      pop: () => {
        const count = Math.min(max, this.#elements(1))
        if (count === 0) return undefined
        const batch = new this.#kind.view(new ArrayBuffer(count * this.#size))
        this.popMany(batch as never)
        return batch
      },
      ready: () => this.ready(),
    }, this.#port, BATCH_WORK)
  }

  popMany(into: NumericArray<Kind>): number
  popMany(max: number): Value[]
  popMany(target: NumericArray<Kind> | number): number | Value[] {
    if (typeof target === 'number') {
      checkInteger('max', target, 0, Number.MAX_SAFE_INTEGER)
      const count = Math.min(target, this.#elements(target))
      const values: Value[] = []
      const mask = this.#mask
      for (let i = 0; i < count; i++) values.push(this.#view[(this.#index + i) & mask]!)
      this.#readBatch(count)
      return values
    }
    if (typedArrayName(target) !== this.#kind.view.name) {
      throw invalidArgument('into', `a ${this.#kind.view.name}, or a number of elements`, target)
    }
    const into = target as NumericView
    if (into.length === 0) checkAttached('into', into)
    const count = Math.min(into.length, this.#elements(into.length))
    if (count === 0) return 0
    const end = this.#index + count
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, end)
    set.call(into, subarray.call(this.#view, this.#index, end))
    this.#readBatch(count)
    return count
  }

  peek(n?: number): NumericView {
    if (n !== undefined) checkInteger('n', n, 1, 2 ** 31 - 1)
    const wanted = Math.min(n ?? this.#capacity, this.#capacity)
    const count = Math.min(wanted, this.#elements(wanted))
    const end = this.#index + count
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, end)
    this.#peeked = count
    this.#peekedAt = this.#index
    return subarray.call(this.#view, this.#index, end)
  }

  release(n?: number): void {
    this.#port.checkOpen()
    const most = this.#stillPeeked() ? this.#peeked : 0
    if (n === undefined) n = most
    checkInteger('n', n, 0, most)
    if (n === 0) return
    this.#readBatch(n)
    this.#peeked = most - n
    this.#peekedAt = this.#index
  }

  drain(fn: (value: never) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const count = Math.min(max, this.#elements(Math.min(max, this.#capacity)))
    let taken = 0
    try {
      // The position goes forward before fn sees the element: if fn throws, or reads from this very
      // consumer, nothing is lost and nothing comes twice.
      while (taken < count && this.#available > 0) {
        const value = this.#view[this.#index]
        this.#read(1)
        taken++
        fn(value as never)
      }
    } finally {
      if (this.#port.isOpen) this.#release()
    }
    return taken
  }

  visit(fn: (elements: never, start: number, end: number) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const count = Math.min(max, this.#elements(Math.min(max, this.#capacity)))
    if (count === 0) return 0
    const start = this.#index
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, start + count)
    // While fn looks, nothing is known to be available, so that every read in it comes to #look and
    // is refused there.
    const available = this.#available
    this.#available = 0
    this.#visiting = true
    try {
      fn(this.#view as never, start, start + count)
    } finally {
      this.#visiting = false
      // Also when fn throws: what it was shown is gone, and nothing else. It may have closed the consumer.
      if (this.#port.isOpen) {
        this.#available = available
        this.#readBatch(count)
      }
    }
    return count
  }

  get available(): number {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return 0
    this.#refresh()
    return this.#available
  }

  get capacity(): number {
    this.#port.checkHeld()
    return this.#capacity
  }

  get of(): Kind {
    return this.#kind.name
  }

  get memory(): 'mirrored' | 'heap' {
    this.#port.checkHeld()
    return this.#port.memory
  }

  get closed(): boolean {
    return this.#port.closed
  }

  get done(): boolean {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return true
    if (this.#available > 0) return false
    this.#refresh()
    return this.#available === 0 && this.#port.flaggedDone
  }

  get stats(): Stats {
    return this.#port.stats()
  }

  close(): void {
    this.#retire()
    this.#port.close()
    this.#doorbell.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  move(): ConsumerToken<Kind> {
    this.#checkIdle()
    this.#doorbell.checkQuiet()
    const token = this.#port.move()
    this.#retire()
    return token as ConsumerToken<Kind>
  }

  /** Gives back what has been read, at the end of the turn at the latest. */
  settle(): boolean {
    this.#owing = false
    if (this.#words[PENDING] === 0 || !this.#port.isOpen) return false
    // What is wrong is told by the flags to the next call that a program makes.
    this.#release()
    return true
  }

  [inspect.custom](): string {
    return `Consumer<${this.#kind.name}> { capacity: ${this.#capacity}, memory: '${this.#port.memory}' }`
  }

  /** Counts `n` elements as read, and gives them back if enough are due. */
  #read(n: number): void {
    this.#index = (this.#index + n) & this.#mask
    this.#available -= n
    const pending = this.#words[PENDING]! + n * this.#size
    this.#words[PENDING] = pending
    if (pending >= this.#lap) this.#release()
    else if (this.#owing === false) this.#owe()
  }

  #owe(): void {
    this.#owing = true
    owe(this)
  }

  /** Counts `n` elements as read and gives them back at once. */
  #readBatch(n: number): void {
    if (n === 0) return
    this.#read(n)
    if (this.#release() !== undefined) this.#port.checkFlags()
  }

  /** The elements there are, after a look only if fewer than `wanted` are known. */
  #elements(wanted: number): number {
    this.#port.checkOpen()
    this.#port.checkMemory()
    return this.#available >= wanted ? this.#available : this.#look(wanted)
  }

  #look(wanted: number): number {
    this.#checkIdle()
    this.#refresh()
    // The elements may be missing because a producer in this very thread has not published them.
    if (this.#available < wanted && settleThread()) this.#refresh()
    return this.#available
  }

  /**
   * Whether nothing was read since the last peek. The position alone does not say, since it is the same
   * again after a lap; but in a lap the count either runs below what was peeked at or is refreshed.
   */
  #stillPeeked(): boolean {
    return this.#peekedAt === this.#index && this.#peeked <= this.#available
  }

  #checkIdle(): void {
    this.#port.checkOpen()
    if (this.#visiting === true) throw shown()
  }

  #refresh(): void {
    if (this.#peeked !== 0 && !this.#stillPeeked()) this.#peeked = 0
    if (this.#nativeLook() !== undefined) this.#port.checkFlags()
    else if (this.#view.length === 0) this.#port.checkMemory()
    if (this.#visiting === true) return
    this.#available = this.#words[KNOWN]! >>> this.#kind.shift
  }

  #retire(): void {
    this.#available = 0
    this.#peeked = 0
  }
}

function shown(): CrosscoreError {
  return new CrosscoreError('ERR_CROSSCORE_BUSY', 'visit is showing elements: read the next ones after its callback')
}
