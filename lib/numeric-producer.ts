// The producer of numbers and bigints.

import { inspect } from 'node:util'
import type {
  BigIntKind,
  BlockOptions,
  NumberKind,
  NumericArray,
  Producer,
  ProducerToken,
  ReadyOptions,
  Stats,
} from '../index.js'
import * as control from './control.js'
import { checkInteger, corrupt, CrosscoreError, invalidArgument, tooLarge } from './errors.js'
import { checkAttached, typedArrayName } from './input.js'
import type { NumericKind, NumericMethods, NumericView } from './kinds.js'
import { takeNext } from './leftover.js'
import { publishEvery } from './options.js'
import type { Port } from './port.js'
import { foldDown } from './span.js'
import { pushAll } from './push-all.js'
import { owe, settleThread } from './turn.js'
import { blockSlice, deadlineOf, Doorbell, ready } from './waiting.js'

// V8 folds a constant of this module into the code of push, and loads one of another module each time, with checks.
const { ELEMENT, FLAGS, KNOWN, PENDING } = control
// V8 looks these up in each call where several kinds of typed arrays are about.
const { set, subarray } = Uint8Array.prototype as unknown as NumericMethods

type Kind = NumberKind | BigIntKind
type Value = number | bigint

/**
 * Keeps its position and its counts as plain numbers and crosses into Rust to publish, or when its
 * count of free slots runs out. While a reservation is open the count is put aside and 0, so that
 * push need not ask.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class NumericProducer implements Producer<Kind> {
  readonly #port: Port
  readonly #kind: NumericKind
  readonly #view: NumericView
  readonly #words: Uint32Array
  readonly #publish: () => true | undefined
  readonly #nativeLook: () => true | undefined
  readonly #publishElement: () => true | undefined
  readonly #big: boolean = false
  readonly #exact: boolean = false
  /** In elements, a power of two. */
  readonly #capacity: number = 0
  /** In bytes. */
  readonly #size: number = 0
  readonly #mask: number = 0
  /** Pending bytes that are published without being asked. */
  readonly #due: number = 0
  /** Whether each element is due at once. */
  readonly #each: boolean = false
  readonly #heap: boolean = false
  readonly #doorbell: Doorbell
  /** The next slot. */
  #index: number = 0
  #free = 0
  /** On the list of what this thread owes. */
  #owing = false
  /** Elements of the open reservation, or 0. */
  #reserved = 0
  /** The count of free slots while a reservation is open. */
  #aside = 0

  constructor(port: Port, kind: NumericKind) {
    this.#port = port
    this.#kind = kind
    this.#view = new kind.view(port.bytes.buffer as ArrayBuffer)
    this.#words = port.words
    this.#publish = port.native.publish
    this.#nativeLook = port.native.look
    this.#publishElement = port.native.publishElement
    this.#big = kind.big
    this.#exact = kind.exact
    this.#size = 1 << kind.shift
    port.elementSize = this.#size
    this.#words[ELEMENT] = this.#size
    this.#capacity = port.capacity >>> kind.shift
    this.#mask = this.#capacity - 1
    // The high-water mark is a quarter of the ring, so that the consumer is never idle while a long turn
    // fills it.
    const most = Math.max(1, this.#capacity >>> 2)
    this.#due = Math.min(publishEvery(port.description.publish), most) * this.#size
    this.#each = this.#due === this.#size
    this.#doorbell = new Doorbell(port)
    this.#heap = port.memory === 'heap'
    this.#index = port.native.offset >>> kind.shift
  }

  pushSync(value: Value, options?: BlockOptions): boolean {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    while (!this.push(value)) {
      if (!blockSlice(this.#port, this.#size, deadline)) return false
    }
    return true
  }

  pushManySync(values: NumericArray<Kind> | Iterable<Value>, options?: BlockOptions): number {
    this.#doorbell.checkQuiet()
    const deadline = deadlineOf(options)
    // A quarter of the ring at a time, so that nobody is woken for each element.
    const quarter = Math.max(this.#size, this.#port.capacity >>> 2)
    const all = Array.isArray(values) || ArrayBuffer.isView(values) ? (values as NumericView).length : Infinity
    return pushAll(this.#port, values as Iterable<Value>, deadline, {
      pushMany: (some) => this.pushMany(some),
      pushFrom: (iterator) => this.#pushFrom(iterator),
      room: (next) => (next === undefined ? this.#size : Math.min(quarter, (all - next) * this.#size)),
    })
  }

  ready(n: number | ReadyOptions = 1, options?: ReadyOptions): Promise<boolean> {
    return ready(n, options, this.#doorbell, (count, signal) => {
      checkInteger('n', count, 1, 2 ** 31 - 1)
      if (count > this.#capacity) throw tooLarge('room', count, this.#capacity)
      return this.#doorbell.wait(count << this.#kind.shift, () => this.#hasRoom(count), signal)
    })
  }

  #hasRoom(n: number): boolean | undefined {
    this.#checkIdle()
    if (this.#free >= n && this.#words[FLAGS] === 0) return true
    this.#refresh()
    if (this.#port.flaggedClosed) return false
    return this.#free >= n ? true : undefined
  }

  ref(): void {
    this.#port.checkHeld()
    this.#doorbell.ref()
  }

  unref(): void {
    this.#port.checkHeld()
    this.#doorbell.unref()
  }

  push(value: Value): boolean {
    if (this.#big === true ? typeof value !== 'bigint' : typeof value !== 'number') throw this.#wrong('value', value)
    if (this.#free === 0 && this.#look(1) === 0) return false
    const index = this.#index
    this.#view[index] = value as never
    if (this.#exact === true && this.#view[index] !== value) throw this.#wrong('value', value)
    // What #wrote(1) does, written out: this is the path that every element takes.
    this.#index = (index + 1) & this.#mask
    this.#free--
    if (this.#each === true) {
      // It is counted by the crossing itself, and never pending.
      if (this.#publishElement() !== undefined) this.#refuse()
      return true
    }
    const pending = this.#words[PENDING]! + this.#size
    this.#words[PENDING] = pending
    if (pending >= this.#due) this.#publishNow()
    else if (this.#owing === false) this.#owe()
    return true
  }

  pushMany(values: NumericArray<Kind> | Iterable<Value>): number {
    this.#checkIdle()
    if (typedArrayName(values) === this.#kind.view.name) return this.#pushArray(values as NumericView)
    if (ArrayBuffer.isView(values)) {
      throw invalidArgument('values', `a ${this.#kind.view.name}, an array or an iterable`, values)
    }
    if (Array.isArray(values)) return this.#pushList(values as Value[])
    if (typeof values !== 'object' || values === null || typeof values[Symbol.iterator] !== 'function') {
      throw invalidArgument('values', `a ${this.#kind.view.name}, an array or an iterable`, values)
    }
    return this.#pushFrom((values as Iterable<Value>)[Symbol.iterator]())
  }

  #pushArray(values: NumericView): number {
    if (values.length === 0) {
      checkAttached('values', values)
      return 0
    }
    const count = Math.min(values.length, this.#room(values.length))
    if (count === 0) return 0
    this.#port.checkMemory()
    const taken = count === values.length ? values : values.subarray(0, count)
    const index = this.#index
    set.call(this.#view, taken, index)
    if (this.#heap === true) foldDown(this.#view, this.#capacity, index + count)
    this.#count(count)
    this.#publishNow()
    return count
  }

  #pushList(values: readonly Value[]): number {
    const count = Math.min(values.length, this.#room(values.length))
    const mask = this.#mask
    const index = this.#index
    for (let i = 0; i < count; i++) {
      const value = values[i]!
      // An array may have getters, and they may have used this producer.
      if (this.#index !== index || this.#free < count) this.#interfered('the array')
      // Nothing counts as written before all of it has been found right.
      this.#store((index + i) & mask, value, i)
    }
    if (count > 0) {
      this.#count(count)
      this.#publishNow()
    }
    return count
  }

  #pushFrom(iterator: Iterator<Value>): number {
    let count = 0
    try {
      // Room first, then the next value: one that does not fit is never taken from the iterator.
      while (this.#room(1) > 0) {
        const next = takeNext(iterator)
        if (next.done === true) break
        // The iterator is foreign code and may have used this producer meanwhile.
        this.#checkIdle()
        if (this.#room(1) === 0) this.#interfered('the iterator')
        this.#store(this.#index, next.value, count)
        this.#count(1)
        // Not published yet; but if the iterator waits for a ring in this thread, it will be.
        if (this.#owing === false) this.#owe()
        count++
      }
    } finally {
      // What was taken is published, whatever the iterator did; if it threw, that is what is heard.
      if (this.#port.isOpen) this.#publish()
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  /** Throws because code that `pushMany` called has used this producer. */
  #interfered(what: string): never {
    this.#checkIdle()
    throw new CrosscoreError('ERR_CROSSCORE_BUSY', `pushMany is under way, and ${what} used the same producer`)
  }

  #store(index: number, value: Value, at: number): void {
    if (this.#big === true ? typeof value !== 'bigint' : typeof value !== 'number') throw this.#wrong(`values[${at}]`, value)
    this.#view[index] = value as never
    if (this.#exact === true && this.#view[index] !== value) throw this.#wrong(`values[${at}]`, value)
  }

  reserve(n: number): NumericView | null {
    this.#checkIdle()
    checkInteger('n', n, 1, 2 ** 31 - 1)
    if (n > this.#capacity) throw tooLarge('a reservation', n, this.#capacity)
    if (this.#room(n) < n) return null
    this.#port.checkMemory()
    this.#reserved = n
    this.#aside = this.#free
    this.#free = 0
    return subarray.call(this.#view, this.#index, this.#index + n)
  }

  commit(n: number = this.#reserved): void {
    this.#checkReserved()
    checkInteger('n', n, 0, this.#reserved)
    this.abort()
    if (n === 0) return
    if (this.#heap === true) foldDown(this.#view, this.#capacity, this.#index + n)
    this.#wrote(n)
  }

  abort(): void {
    this.#checkReserved()
    this.#reserved = 0
    this.#free = this.#aside
  }

  flush(): void {
    this.#port.checkOpen()
    this.#publishNow()
  }

  get free(): number {
    this.#port.checkHeld()
    if (!this.#port.isOpen) return 0
    this.#refresh()
    return (this.#reserved === 0 ? this.#free : this.#aside) - this.#reserved
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

  move(): ProducerToken<Kind> {
    this.#checkIdle()
    this.#doorbell.checkQuiet()
    const token = this.#port.move()
    this.#retire()
    return token as ProducerToken<Kind>
  }

  /** Publishes what is pending, at the end of the turn at the latest. */
  settle(): boolean {
    this.#owing = false
    if (this.#words[PENDING] === 0 || !this.#port.isOpen) return false
    // What is wrong is told by the flags to the next call that a program makes.
    this.#publish()
    return true
  }

  [inspect.custom](): string {
    return `Producer<${this.#kind.name}> { capacity: ${this.#capacity}, memory: '${this.#port.memory}' }`
  }

  /** Counts `n` elements as written, and publishes them if that many are due. */
  #wrote(n: number): void {
    this.#count(n)
    if (this.#words[PENDING]! >= this.#due) this.#publishNow()
    else if (this.#owing === false) this.#owe()
  }

  /** Counts `n` elements as written. */
  #count(n: number): void {
    this.#index = (this.#index + n) & this.#mask
    this.#free -= n
    // From here on they are part of the stream, even if this thread dies before it publishes them.
    this.#words[PENDING]! += n * this.#size
  }

  #owe(): void {
    this.#owing = true
    owe(this)
  }

  #publishNow(): void {
    if (this.#publish() !== undefined) this.#refuse()
  }

  /** Throws what the last crossing found. */
  #refuse(): never {
    this.#free = 0
    this.#port.checkFlags()
    throw new CrosscoreError('ERR_CROSSCORE_CLOSED', 'the consumer is gone: it was closed, or its thread has ended')
  }

  /** The free slots, after a look only if fewer than `wanted` are known. */
  #room(wanted: number): number {
    return this.#free >= wanted ? this.#free : this.#look(wanted)
  }

  #look(wanted: number): number {
    this.#checkIdle()
    this.#refresh()
    if (this.#words[FLAGS] !== 0) this.#refuse()
    // The slots may be missing because a consumer in this very thread has not given them back.
    if (this.#free < wanted && settleThread()) this.#refresh()
    return this.#free
  }

  #refresh(): void {
    if (this.#nativeLook() !== undefined) this.#port.checkFlags()
    else if (this.#view.length === 0) this.#port.checkMemory()
    const free = this.#words[KNOWN]! >>> this.#kind.shift
    if (this.#reserved === 0) this.#free = free
    else this.#aside = free
  }

  #checkIdle(): void {
    this.#port.checkOpen()
    if (this.#reserved !== 0) {
      throw new CrosscoreError('ERR_CROSSCORE_BUSY', 'a reservation is open: commit() or abort() it first')
    }
  }

  #checkReserved(): void {
    this.#port.checkOpen()
    if (this.#reserved === 0) {
      throw new CrosscoreError('ERR_CROSSCORE_INVALID_ARG', 'no reservation is open: reserve(n) comes first')
    }
  }

  #retire(): void {
    this.#free = 0
    this.#reserved = 0
  }

  #wrong(what: string, value: unknown): CrosscoreError {
    // Without its memory a ring does not hold any value.
    this.#port.checkMemory()
    if (typeof value === (this.#big === true ? 'bigint' : 'number')) {
      const probe = new this.#kind.view(new ArrayBuffer(this.#size))
      probe[0] = value as never
      // The value is right: then something else was in the slot when it was compared.
      if (probe[0] === value) throw corrupt('a slot changed while it was being written')
    }
    return invalidArgument(what, `${this.#kind.allowed} (the ring is of '${this.#kind.name}')`, value)
  }
}
