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
import { lane, type NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'
import type { NumericName, NumericStorage } from './numeric.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { AT, DONE, FLAGS, LIMIT, OWING, REFUSED, STOP } = control
const { lookForRoom, publish, publishNumbered, pushNumber } = crossing
const { emptyBuffer, isArray, isAttached, isIterable, isView } = intrinsics
const { lengthOf, lengthOfList, part, setElements, typedArrayName } = intrinsics
const { foldDown } = slots

/** Why other calls are refused while `pushMany` reads its array, whose getters are code of the program. */
const READING = 'pushMany is reading its array: a getter of it used the same producer'

/** Why an item is refused that an iterator gave. */
const FILLED = 'pushMany is under way, and the iterator filled the ring through the same producer'

/** A stop that is not met for 2 GiB: added to a position. */
const FAR = -(2 ** 31)

/** The bytes of an element of the wide kinds, f64 and the bigints, and log2 of it: in the code of a push instead of a field. */
const WIDE = 8
const WIDE_SHIFT = 3

/** What a push has not written. */
const carried = new Float64Array(1)

type Way = new <K extends NumericName>(native: NativeHandle, kind: Kind<K>, storage: NumericStorage) => NumericProducer<K>

/** Whatever is to be checked, or published at once by a call of its own. */
let CheckedProducer: Way
/** Bigints. */
let BigIntProducer: Way
/** Each push is one crossing of the express lane that does it all. */
let CrossingProducer: Way

/**
 * Its position, and the one that it must not come to by the quick way, lie in the control block. So one comparison tells
 * push that there is something else to do: a publication is due, the slots that are known to be free have run out, the
 * handle is not on the list of those that owe, a reservation is open, or the handle has ended.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
class NumericProducer<K extends NumericName> extends ProducerShell<K> {
  readonly #port: Port
  readonly #native: NativeHandle
  readonly #storage: NumericStorage
  readonly #view: NumericView
  readonly #words: Uint32Array
  readonly #positions: Int32Array
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
  /** Whether the crossing of the express lane writes elements itself. */
  readonly #crosses: boolean = false
  readonly #heap: boolean = false
  /** What the crossings of the express lane know the handle by. Begins as what it is, a double. */
  // oxlint-disable-next-line no-unused-private-class-members -- used by the classes within this one
  readonly #number: number = 0.5
  /** Elements of the open reservation, or 0. */
  #reserved = 0

  constructor(native: NativeHandle, kind: Kind<K>, storage: NumericStorage) {
    const port = new Port(native, 'producer', kind)
    super(port)
    this.#port = port
    this.#native = native
    this.#storage = storage
    this.#view = new storage.view(port.buffer)
    this.#words = native.words
    this.#positions = native.positions
    this.#big = storage.big
    this.#exact = storage.exact
    this.#size = 1 << storage.shift
    this.#shift = storage.shift
    this.#capacity = native.capacity >>> storage.shift
    this.#mask = this.#capacity - 1
    this.#due = dueOf(native, storage)
    this.#each = this.#due === this.#size
    this.#crosses = crosses(native, storage)
    this.#number = native.number
    this.#heap = native.memoryKind === 'heap'
    this.#halt('')
    ProducerShell.join(this, {
      known: () => this.#free() << this.#shift,
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

  /** Doubles, which need no check and are published later. */
  push(value: Element<K>): boolean {
    if (typeof value !== 'number') throw this.#wrong(value, -1)
    const positions = this.#positions
    const at = positions[AT]!
    const next = (at + WIDE) | 0
    if (next === positions[STOP]) {
      carried[0] = value
      return this.#pushLong() === true
    }
    this.#view[(at >>> WIDE_SHIFT) & this.#mask] = value
    // From here on it is part of the stream, even if this thread dies before it publishes it.
    positions[AT] = next
    return true
  }

  // The other ways to push, each a class of its own. None hands on a number that it was given: where one does, V8 makes an
  // object of every number, 16 bytes a push. The answer of the long way is compared, so that V8 knows it to be a boolean:
  // whoever asks for its truth then spares up to seven comparisons.
  static {
    CheckedProducer = class<K extends NumericName> extends NumericProducer<K> {
      override push(value: Element<K>): boolean {
        if (typeof value !== 'number') throw this.#wrong(value, -1)
        const positions = this.#positions
        const at = positions[AT]!
        const next = (at + this.#size) | 0
        if (next === positions[STOP]) {
          carried[0] = value
          return this.#pushLong() === true
        }
        const index = (at >>> this.#shift) & this.#mask
        this.#view[index] = value
        if (this.#exact === true && this.#view[index] !== value) throw this.#wrong(value, -1)
        positions[AT] = next
        if (this.#each === true && publish(this.#native) !== 0) this.#refuse()
        return true
      }
    }

    BigIntProducer = class<K extends NumericName> extends NumericProducer<K> {
      override push(value: Element<K>): boolean {
        if (typeof value !== 'bigint') throw this.#wrong(value, -1)
        const positions = this.#positions
        const at = positions[AT]!
        const next = (at + WIDE) | 0
        if (next === positions[STOP]) return this.#pushLong(value) === true
        const view = this.#view
        const index = (at >>> WIDE_SHIFT) & this.#mask
        view[index] = value
        if (view[index] !== value) throw this.#wrong(value, -1)
        positions[AT] = next
        // The number of the handle is a field of its own here, which V8 knows to be a number.
        if (this.#each === true && publishNumbered(this.#number, 0) !== 0 && publish(this.#native) !== 0) this.#refuse()
        return true
      }
    }

    CrossingProducer = class<K extends NumericName> extends NumericProducer<K> {
      override push(value: Element<K>): boolean {
        if (typeof value !== 'number') throw this.#wrong(value, -1)
        if (pushNumber(this.#number, value) === 1) return true
        carried[0] = value
        return this.#pushLong() === true
      }
    }
  }

  /**
   * The long way, for all that there may be to do. Without a value it pushes the number in `carried`. It is written out, longer
   * than the 460 bytes of bytecode that V8 takes into a caller: with this in it a push is too large for a loop of the
   * program's to take in, and then each number is made an object for the call (__test__/inlining.spec.js).
   */
  #pushLong(value?: Element<K>): boolean {
    const port = this.#port
    const native = this.#native
    const words = this.#words
    const positions = this.#positions
    port.checkIdle()
    let room = (positions[LIMIT]! - positions[AT]!) | 0
    if (room < this.#size) {
      if (lookForRoom(native) < 0) port.checkFlags()
      else port.checkMemory()
      if (words[FLAGS] !== 0) this.#refuse()
      // The slots may be missing because a consumer in this very thread has not given them back.
      if (((positions[LIMIT]! - positions[AT]!) | 0) < this.#size && settleThread()) this.#refresh()
      room = (positions[LIMIT]! - positions[AT]!) | 0
      if (room < this.#size) {
        words[REFUSED]! += 1
        return port.full()
      }
    }
    // After the look, which may have settled what the thread owes: the first element of a turn that is not published at
    // once asks whether there is still somebody to read it.
    if (this.#each === false && words[OWING] === 0) this.#enter()
    const at = positions[AT]!
    const index = (at >>> this.#shift) & this.#mask
    if (value === undefined) {
      this.#view[index] = carried[0]!
      if (this.#exact === true && this.#view[index] !== carried[0]) throw this.#wrong(carried[0], -1)
    } else {
      this.#view[index] = value as never
      if (this.#exact === true && this.#view[index] !== value) throw this.#wrong(value, -1)
    }
    // From here on it is part of the stream, even if this thread dies before it publishes it.
    const next = (at + this.#size) | 0
    positions[AT] = next
    const isDue = ((next - positions[DONE]!) | 0) >= this.#due
    const flags = isDue ? publish(native) : 0
    // As #goOn.
    room = (positions[LIMIT]! - next) | 0
    let way = room > 0 ? room + this.#size : this.#size
    if (this.#crosses === true) way = FAR
    else if (this.#each === false) {
      const due = this.#due - ((next - positions[DONE]!) | 0)
      if (words[OWING] === 0 || due < this.#size) way = this.#size
      else if (due < way) way = due
    }
    positions[STOP] = next + way
    if (flags !== 0) this.#refuse()
    return true
  }

  reserve(n: number): View<K> | null {
    const port = this.#port
    port.checkIdle()
    checkInteger('n', n, 1, 2 ** 31 - 1)
    if (n > this.#capacity) throw tooLarge('a reservation', n, this.#capacity)
    const positions = this.#positions
    const at = positions[AT]!
    if (((positions[LIMIT]! - at) | 0) < n << this.#shift && this.#look(n) < n) return null
    port.checkMemory()
    this.#native.shown()
    const view = new this.#storage.view(port.buffer, ((at >>> this.#shift) & this.#mask) << this.#shift, n)
    this.#reserved = n
    // As #halt.
    positions[STOP] = at + this.#size
    port.busy = RESERVED
    return view as View<K>
  }

  commit(n: number = this.#reserved): void {
    const port = this.#port
    port.checkOpen()
    const reserved = this.#reserved
    if (reserved === 0) throw nothingReserved()
    checkInteger('n', n, 0, reserved)
    port.busy = ''
    this.#reserved = 0
    // Until #goOn the next push takes the long way.
    if (n > 0 && this.#each === false && this.#words[OWING] === 0) this.#enter()
    const positions = this.#positions
    const at = positions[AT]!
    if (this.#heap === true) foldDown(this.#view, this.#capacity, ((at >>> this.#shift) & this.#mask) + n)
    // From here on it is part of the stream, even if this thread dies before it publishes it.
    const next = (at + (n << this.#shift)) | 0
    positions[AT] = next
    const flags = n > 0 && ((next - positions[DONE]!) | 0) >= this.#due ? publish(this.#native) : 0
    if (this.#crosses === true) positions[STOP] = next + FAR
    else this.#goOn()
    if (flags !== 0) this.#refuse()
    ProducerShell.resume(this)
  }

  abort(): void {
    this.#checkReserved()
    this.#restore()
    ProducerShell.resume(this)
  }

  #measure(values: unknown): number | undefined {
    if (typedArrayName(values) === this.#storage.viewName) {
      const length = lengthOf(values)
      if (length === 0 && !isAttached(values)) throw detached('values')
      return length
    }
    if (!isView(values)) {
      if (isArray(values)) return lengthOfList(values)
      if (isIterable(values)) return undefined
    }
    throw invalidArgument('values', `a ${this.#storage.viewName}, an array or an iterable`, values)
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
    const count = Math.min(left, this.#atLeast(left))
    if (count === 0) return 0
    this.#port.checkMemory()
    const taken = count === length ? values : part(this.#storage.view, values, from, from + count)
    const index = this.#next()
    setElements(this.#view, taken, index)
    if (this.#heap === true) foldDown(this.#view, this.#capacity, index + count)
    this.#count(count)
    if (!this.#handOver()) this.#refuse()
    return count
  }

  #pushList(values: readonly Element<K>[], from: number): number {
    const left = lengthOfList(values) - from
    if (left <= 0) return 0
    const count = Math.min(left, this.#atLeast(left))
    const mask = this.#mask
    const index = this.#next()
    this.#halt(READING)
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
      if (!this.#handOver()) this.#refuse()
    }
    return count
  }

  #pushFrom(iterator: Iterator<Element<K>>, at: number): number {
    let count = 0
    try {
      // Room first, then the next value: one that does not fit is never taken from the iterator.
      while (this.#atLeast(1) > 0) {
        const next = takeNext(iterator)
        if (next.done) break
        // The iterator is code of the program, and may have used this producer meanwhile.
        this.#port.checkIdle()
        if (this.#atLeast(1) === 0) throw busy(FILLED)
        this.#store(this.#next(), next.value, at + count)
        this.#count(1)
        // Not published yet; but if the iterator waits for a ring in this thread, it will be.
        owe(this.#native)
        this.#goOn()
        count++
      }
    } finally {
      // What was taken is published, whatever the iterator did; if it threw, that is what is heard.
      if (this.#port.isOpen) this.#handOver()
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  /** `at` is the value's place in a list. */
  #store(index: number, value: Element<K>, at: number): void {
    if (this.#big === true ? typeof value !== 'bigint' : typeof value !== 'number') throw this.#wrong(value, at)
    this.#view[index] = value as never
    if (this.#exact === true && this.#view[index] !== value) throw this.#wrong(value, at)
  }

  /** The next slot. */
  #next(): number {
    return (this.#positions[AT]! >>> this.#shift) & this.#mask
  }

  /** Slots that are known to be free. */
  #free(): number {
    const positions = this.#positions
    const bytes = (positions[LIMIT]! - positions[AT]!) | 0
    // A crossing that writes by itself knows of slots that no look has told of.
    return bytes > 0 ? bytes >>> this.#shift : 0
  }

  /** The free slots, after a look only if fewer than `wanted` are known. */
  #atLeast(wanted: number): number {
    const free = this.#free()
    return free >= wanted ? free : this.#look(wanted)
  }

  /** Bytes that are pending. */
  #pending(): number {
    const positions = this.#positions
    return (positions[AT]! - positions[DONE]!) | 0
  }

  /** Counts `n` elements as written. The stop is behind them then: `#goOn` or `#handOver` comes next. */
  #count(n: number): void {
    // From here on they are part of the stream, even if this thread dies before it publishes them.
    this.#positions[AT]! += n << this.#shift
  }

  /**
   * Sets the next stop: beyond the room that is known, or where a publication is due; at once, if the handle has to be put
   * on the list first.
   */
  #goOn(): true {
    const positions = this.#positions
    const at = positions[AT]!
    let way = FAR
    if (this.#crosses === false) {
      way = (this.#free() << this.#shift) + this.#size
      if (this.#each === false) {
        way = this.#words[OWING] === 0 ? this.#size : Math.min(way, Math.max(this.#size, this.#due - this.#pending()))
      }
    }
    positions[STOP] = at + way
    return true
  }

  /** Nothing may be written now. `why` is what other calls are told; the handle has ended where there is nothing to tell. */
  #halt(why: string): void {
    this.#positions[STOP] = this.#positions[AT]! + this.#size
    this.#port.busy = why
  }

  /** Publishes what is pending; false if a flag is raised. */
  #handOver(): boolean {
    const flags = publish(this.#native)
    this.#goOn()
    return flags === 0
  }

  /** The first element of a turn that is not published at once: asks whether there is still somebody to read it. */
  #enter(): void {
    owe(this.#native)
    this.#native.ask()
    if (this.#words[FLAGS] !== 0) this.#refuse()
  }

  /** Throws what the last crossing found. */
  #refuse(): never {
    // Then every push looks again, and hears it again.
    this.#positions[LIMIT] = this.#positions[AT]!
    this.#halt(this.#port.busy)
    this.#port.refuse()
  }

  /** The free slots, of which fewer than `wanted` were known. */
  #look(wanted: number): number {
    this.#port.checkIdle()
    this.#refresh()
    if (this.#words[FLAGS] !== 0) this.#refuse()
    // The slots may be missing because a consumer in this very thread has not given them back.
    if (this.#free() < wanted && settleThread()) this.#refresh()
    if (this.#free() < wanted) this.#words[REFUSED]! += 1
    return this.#free()
  }

  /** Publishes what is pending and takes over what is free. */
  #refresh(): void {
    if (lookForRoom(this.#native) < 0) this.#port.checkFlags()
    else this.#port.checkMemory()
    if (this.#port.busy === '') this.#goOn()
  }

  #checkReserved(): void {
    this.#port.checkOpen()
    if (this.#reserved === 0) throw nothingReserved()
  }

  /** What kept the producer busy is over. */
  #restore(): void {
    this.#port.busy = ''
    this.#reserved = 0
    this.#goOn()
  }

  #retire(): void {
    this.#positions[LIMIT] = this.#positions[AT]!
    this.#halt('')
    this.#reserved = 0
  }

  #wrong(value: unknown, at: number): CrosscoreError {
    // Without its memory a ring does not hold any value.
    this.#port.checkOpen()
    this.#port.checkMemory()
    if (typeof value === (this.#big === true ? 'bigint' : 'number')) {
      const probe = new this.#storage.view(emptyBuffer(this.#size))
      probe[0] = value as never
      // The value is right: then something else was in the slot when it was compared.
      if (probe[0] === value) throw corrupt('a slot changed while it was being written')
    }
    const what = at < 0 ? 'value' : `values[${at}]`
    return invalidArgument(what, `${this.#storage.allowed} (the ring is of '${this.#storage.name}')`, value)
  }
}

/** Bytes that are published without being asked: a quarter of the ring at most, so that the consumer is never idle while a long turn fills it. */
function dueOf(native: NativeHandle, storage: NumericStorage): number {
  const most = Math.max(1, native.capacity >>> (storage.shift + 2))
  return Math.min(native.publishEvery, most) << storage.shift
}

/** Whether each push is one crossing of the express lane that does it all. */
function crosses(native: NativeHandle, storage: NumericStorage): boolean {
  return !storage.big && dueOf(native, storage) === 1 << storage.shift && lane.name === 'express'
}

/** The producer of a kind that is published as its ring says. */
export function numericProducer<K extends NumericName>(native: NativeHandle, kind: Kind<K>, storage: NumericStorage): NumericProducer<K> {
  if (storage.big) return new BigIntProducer(native, kind, storage)
  if (crosses(native, storage)) return new CrossingProducer(native, kind, storage)
  const isPlain = storage.name === 'f64' && dueOf(native, storage) !== WIDE
  return isPlain ? new NumericProducer(native, kind, storage) : new CheckedProducer(native, kind, storage)
}
