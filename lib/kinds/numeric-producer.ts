// The producer of numbers and bigints.

import type { Element, View } from '../../index.js'
import { busy, checkInteger, corrupt, type CrosscoreError, detached, invalidArgument, tooLarge } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import type { NumericView } from '../environment/intrinsics.js'
import { owe, settleThread } from '../environment/turn.js'
import { takeNext } from '../handle/leftover.js'
import { Port } from '../handle/port.js'
import { nothingReserved, ProducerShell, RESERVED } from '../handle/producer.js'
import * as slots from '../layout/slots.js'
import type { NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'
import type { NumericName, NumericStorage } from './numeric.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { FLAGS, KNOWN, OWING, PENDING, REFUSED } = control
const { lookForRoom, publish, publishElement } = crossing
const { emptyBuffer, isArray, isAttached, isIterable, isView } = intrinsics
const { lengthOf, lengthOfList, part, setElements, typedArrayName } = intrinsics
const { foldDown } = slots

/** Why other calls are refused while `pushMany` reads its array, whose getters are code of the program. */
const READING = 'pushMany is reading its array: a getter of it used the same producer'

/** Why an item is refused that an iterator gave. */
const FILLED = 'pushMany is under way, and the iterator filled the ring through the same producer'

/**
 * Keeps its position and its counts as plain numbers and crosses into Rust to publish, or when its count of free slots
 * runs out. While a reservation is open or an array is read, the count is put aside and 0, so that push need not ask.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class NumericProducer<K extends NumericName> extends ProducerShell<K> {
  readonly #port: Port
  readonly #native: NativeHandle
  readonly #storage: NumericStorage
  readonly #view: NumericView
  readonly #words: Uint32Array
  readonly #big: boolean = false
  readonly #exact: boolean = false
  /** In elements, a power of two. */
  readonly #capacity: number = 0
  /** In bytes. */
  readonly #size: number = 0
  readonly #shift: number = 0
  readonly #mask: number = 0
  /** Pending bytes that are published without being asked. */
  readonly #due: number = 0
  /** Whether each element is due at once. */
  readonly #each: boolean = false
  readonly #heap: boolean = false
  /** The next slot. */
  #index: number = 0
  #free = 0
  /** Elements of the open reservation, or 0. */
  #reserved = 0
  /** The count of free slots while it is put aside. */
  #aside = 0

  constructor(native: NativeHandle, kind: Kind<K>, storage: NumericStorage) {
    const port = new Port(native, 'producer', kind)
    super(port)
    this.#port = port
    this.#native = native
    this.#storage = storage
    this.#view = new storage.view(port.buffer)
    this.#words = native.words
    this.#big = storage.big
    this.#exact = storage.exact
    this.#size = 1 << storage.shift
    this.#shift = storage.shift
    this.#capacity = native.capacity >>> storage.shift
    this.#mask = this.#capacity - 1
    // A quarter of the ring at most, so that the consumer is never idle while a long turn fills it.
    const most = Math.max(1, this.#capacity >>> 2)
    this.#due = Math.min(native.publishEvery, most) * this.#size
    this.#each = this.#due === this.#size
    this.#heap = native.memoryKind === 'heap'
    this.#index = native.offset >>> storage.shift
    ProducerShell.join(this, {
      known: () => this.#free << this.#shift,
      look: () => this.#refresh(),
      short: () => this.#size,
      room: (n) => {
        checkInteger('n', n, 1, 2 ** 31 - 1)
        if (n > this.#capacity) throw tooLarge('room', n, this.#capacity)
        return n << this.#shift
      },
      reserved: () => this.#reserved << this.#shift,
      retire: () => this.#retire(),
      measure: (values) => this.#measure(values),
      pushRun: (values, from) => this.#pushRun(values, from),
      pushFrom: (iterator, at) => this.#pushFrom(iterator as Iterator<Element<K>>, at),
      // A quarter of the ring at a time, so that nobody is woken for each element.
      wanted: (left) => Math.min(Math.max(this.#size, native.capacity >>> 2), left * this.#size),
    })
  }

  push(value: Element<K>): boolean {
    if (this.#big === true ? typeof value !== 'bigint' : typeof value !== 'number') throw this.#wrong('value', value)
    if (this.#free === 0 && this.#look(1) === 0) return this.#port.full()
    const index = this.#index
    this.#view[index] = value as never
    if (this.#exact === true && this.#view[index] !== value) throw this.#wrong('value', value)
    if (this.#each === true) {
      this.#index = (index + 1) & this.#mask
      this.#free--
      // It is counted by the crossing itself, and never pending.
      if (publishElement(this.#native) !== 0) this.#refuse()
      return true
    }
    if (this.#words[OWING] === 0) this.#enter()
    // What #count(1) does, written out: this is the path that every element takes.
    this.#index = (index + 1) & this.#mask
    this.#free--
    const pending = this.#words[PENDING]! + this.#size
    this.#words[PENDING] = pending
    if (pending >= this.#due && publish(this.#native, 0) !== 0) this.#refuse()
    return true
  }

  reserve(n: number): View<K> | null {
    this.#port.checkIdle()
    checkInteger('n', n, 1, 2 ** 31 - 1)
    if (n > this.#capacity) throw tooLarge('a reservation', n, this.#capacity)
    if (this.#free < n && this.#look(n) < n) return null
    this.#port.checkMemory()
    this.#native.shown()
    const view = new this.#storage.view(this.#port.buffer, this.#index << this.#shift, n)
    this.#reserved = n
    this.#port.busy = RESERVED
    this.#aside = this.#free
    this.#free = 0
    return view as View<K>
  }

  commit(n: number = this.#reserved): void {
    this.#checkReserved()
    checkInteger('n', n, 0, this.#reserved)
    this.#restore()
    if (n > 0) {
      if (this.#each === false && this.#words[OWING] === 0) this.#enter()
      if (this.#heap === true) foldDown(this.#view, this.#capacity, this.#index + n)
      this.#count(n)
      if (this.#words[PENDING]! >= this.#due && publish(this.#native, 0) !== 0) this.#refuse()
    }
    ProducerShell.resume(this)
  }

  abort(): void {
    this.#checkReserved()
    this.#restore()
    ProducerShell.resume(this)
  }

  #measure(values: unknown): number | undefined {
    if (typedArrayName(values) === this.#storage.view.name) {
      const length = lengthOf(values)
      if (length === 0 && !isAttached(values)) throw detached('values')
      return length
    }
    if (!isView(values)) {
      if (isArray(values)) return lengthOfList(values)
      if (isIterable(values)) return undefined
    }
    throw invalidArgument('values', `a ${this.#storage.view.name}, an array or an iterable`, values)
  }

  #pushRun(values: unknown, from: number): number {
    return isArray(values)
      ? this.#pushList(values as readonly Element<K>[], from)
      : this.#pushArray(values as NumericView, from)
  }

  #pushArray(values: NumericView, from: number): number {
    const length = lengthOf(values)
    const left = length - from
    if (left <= 0) return 0
    const count = Math.min(left, this.#free >= left ? this.#free : this.#look(left))
    if (count === 0) return 0
    this.#port.checkMemory()
    const taken = count === length ? values : part(this.#storage.view, values, from, from + count)
    const index = this.#index
    setElements(this.#view, taken, index)
    if (this.#heap === true) foldDown(this.#view, this.#capacity, index + count)
    this.#count(count)
    if (publish(this.#native, 0) !== 0) this.#refuse()
    return count
  }

  #pushList(values: readonly Element<K>[], from: number): number {
    const left = lengthOfList(values) - from
    if (left <= 0) return 0
    const count = Math.min(left, this.#free >= left ? this.#free : this.#look(left))
    const mask = this.#mask
    const index = this.#index
    this.#aside = this.#free
    this.#free = 0
    this.#port.busy = READING
    try {
      // Nothing counts as written before all of it has been found right.
      for (let i = 0; i < count; i++) this.#store((index + i) & mask, values[from + i]!, from + i)
    } finally {
      // A getter may have closed the producer.
      if (this.#port.busy === READING) this.#restore()
    }
    this.#port.checkOpen()
    if (count > 0) {
      this.#count(count)
      if (publish(this.#native, 0) !== 0) this.#refuse()
    }
    return count
  }

  #pushFrom(iterator: Iterator<Element<K>>, at: number): number {
    let count = 0
    try {
      // Room first, then the next value: one that does not fit is never taken from the iterator.
      while (this.#free > 0 || this.#look(1) > 0) {
        const next = takeNext(iterator)
        if (next.done) break
        // The iterator is code of the program, and may have used this producer meanwhile.
        this.#port.checkIdle()
        if (this.#free === 0 && this.#look(1) === 0) throw busy(FILLED)
        this.#store(this.#index, next.value, at + count)
        this.#count(1)
        // Not published yet; but if the iterator waits for a ring in this thread, it will be.
        owe(this.#native)
        count++
      }
    } finally {
      // What was taken is published, whatever the iterator did; if it threw, that is what is heard.
      if (this.#port.isOpen) publish(this.#native, 0)
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  #store(index: number, value: Element<K>, at: number): void {
    if (this.#big === true ? typeof value !== 'bigint' : typeof value !== 'number') throw this.#wrong(`values[${at}]`, value)
    this.#view[index] = value as never
    if (this.#exact === true && this.#view[index] !== value) throw this.#wrong(`values[${at}]`, value)
  }

  /** Counts `n` elements as written. */
  #count(n: number): void {
    this.#index = (this.#index + n) & this.#mask
    this.#free -= n
    // From here on they are part of the stream, even if this thread dies before it publishes them.
    this.#words[PENDING]! += n * this.#size
  }

  /** The first element of a turn that is not published at once: asks whether there is still somebody to read it. */
  #enter(): void {
    owe(this.#native)
    this.#native.ask()
    if (this.#words[FLAGS] !== 0) this.#refuse()
  }

  /** Throws what the last crossing found. */
  #refuse(): never {
    this.#free = 0
    this.#port.refuse()
  }

  /** The free slots, of which fewer than `wanted` were known. */
  #look(wanted: number): number {
    this.#port.checkIdle()
    this.#refresh()
    if (this.#words[FLAGS] !== 0) this.#refuse()
    // The slots may be missing because a consumer in this very thread has not given them back.
    if (this.#free < wanted && settleThread()) this.#refresh()
    if (this.#free < wanted) this.#words[REFUSED]! += 1
    return this.#free
  }

  /** Publishes what is pending and takes over what is free. */
  #refresh(): void {
    let known = lookForRoom(this.#native)
    if (known < 0) {
      this.#port.checkFlags()
      known = this.#words[KNOWN]!
    }
    if (this.#view.length === 0) this.#port.checkMemory()
    this.#free = known >>> this.#shift
  }

  #checkReserved(): void {
    this.#port.checkOpen()
    if (this.#reserved === 0) throw nothingReserved()
  }

  /** What kept the count aside is over. */
  #restore(): void {
    this.#port.busy = ''
    this.#reserved = 0
    this.#free = this.#aside
  }

  #retire(): void {
    this.#free = 0
    this.#reserved = 0
  }

  #wrong(what: string, value: unknown): CrosscoreError {
    // Without its memory a ring does not hold any value.
    this.#port.checkOpen()
    this.#port.checkMemory()
    if (typeof value === (this.#big === true ? 'bigint' : 'number')) {
      const probe = new this.#storage.view(emptyBuffer(this.#size))
      probe[0] = value as never
      // The value is right: then something else was in the slot when it was compared.
      if (probe[0] === value) throw corrupt('a slot changed while it was being written')
    }
    return invalidArgument(what, `${this.#storage.allowed} (the ring is of '${this.#storage.name}')`, value)
  }
}
