// The consumer of numbers and bigints.

import type { Batch, NumericArray, Peek, Popped, Shown, View } from '../../index.js'
import { checkCallback, checkInteger, detached, invalidArgument, peekIsVoid } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import type { NumericView } from '../environment/intrinsics.js'
import { owe, settleThread } from '../environment/turn.js'
import { ConsumerShell } from '../handle/consumer.js'
import { Port } from '../handle/port.js'
import * as slots from '../layout/slots.js'
import type { NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'
import type { NumericName, NumericStorage } from './numeric.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { AT, DONE, LIMIT, OWING, REFUSED, STOP } = control
const { lookForData, release } = crossing
const { emptyBuffer, isAttached, lengthOf, setElements, typedArrayName } = intrinsics
const { unfoldUp } = slots

/** Why other calls are refused while a callback of `visit` is shown elements. */
const VISITING = 'visit is showing elements: read the next ones after its callback'

/** What the last peek showed was read by another call. */
const VOID = -1

/** The bytes of an element of the wide kinds, f64 and the bigints, and log2 of it. */
const WIDE = 8
const WIDE_SHIFT = 3

/** The consumer of the wide kinds: its pop has the size in its code instead of a field. */
let WideConsumer: new <K extends NumericName>(native: NativeHandle, kind: Kind<K>, storage: NumericStorage) => NumericConsumer<K>

/**
 * Its position, and the one that it must not come to by the quick way, lie in the control block. So one comparison tells
 * pop that there is something else to do: the elements that are known have run out, enough slots are to be given back, the
 * handle is not on the list of those that owe, a callback is shown elements in place, or the handle has ended.
 *
 * Fields begin as the numbers and flags that they will be, and flags are compared with ===, for the sake of the machine
 * code (docs/PERFORMANCE.md).
 *
 * It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
class NumericConsumer<K extends NumericName> extends ConsumerShell<K> {
  readonly #port: Port
  readonly #native: NativeHandle
  readonly #storage: NumericStorage
  readonly #view: NumericView
  readonly #words: Uint32Array
  readonly #positions: Int32Array
  /** In elements, a power of two. */
  readonly #capacity: number = 0
  readonly #mask: number = 0
  /** In bytes. */
  readonly #size: number = 0
  readonly #shift: number = 0
  /** Bytes that are given back together: a quarter of the ring, at least an element. */
  readonly #lap: number = 0
  readonly #heap: boolean = false
  /** Elements of the last peek that were not released, or VOID, and the position where they begin. */
  #peeked = 0
  #peekedAt = 0

  constructor(native: NativeHandle, kind: Kind<K>, storage: NumericStorage) {
    const port = new Port(native, 'consumer', kind)
    super(port)
    this.#port = port
    this.#native = native
    this.#storage = storage
    this.#view = new storage.view(port.buffer)
    this.#words = native.words
    this.#positions = native.positions
    this.#size = 1 << storage.shift
    this.#shift = storage.shift
    this.#capacity = native.capacity >>> storage.shift
    this.#mask = this.#capacity - 1
    this.#lap = Math.max(this.#size, native.capacity >>> 2)
    this.#heap = native.memoryKind === 'heap'
    this.#halt('')
    ConsumerShell.join<K>(this, {
      known: () => this.#available() << this.#shift,
      look: () => this.#refresh(),
      batch: (max) => this.#batch(max),
      retire: () => this.#retire(),
    })
  }

  pop(): Popped<K> | undefined {
    const positions = this.#positions
    const at = positions[AT]!
    const next = (at + this.#size) | 0
    if (next === positions[STOP]) return this.#popLong()
    const value = this.#view[(at >>> this.#shift) & this.#mask]
    positions[AT] = next
    return value as Popped<K>
  }

  static {
    WideConsumer = class<K extends NumericName> extends NumericConsumer<K> {
      override pop(): Popped<K> | undefined {
        const positions = this.#positions
        const at = positions[AT]!
        const next = (at + WIDE) | 0
        if (next === positions[STOP]) return this.#popLong()
        const value = this.#view[(at >>> WIDE_SHIFT) & this.#mask]
        positions[AT] = next
        return value as Popped<K>
      }
    }
  }

  /** The long way, for all that there may be to do. */
  #popLong(): Popped<K> | undefined {
    this.#port.checkIdle()
    const positions = this.#positions
    const at = positions[AT]!
    if (positions[LIMIT] === at && this.#lookAgain(at) === false) return undefined
    const value = this.#view[(at >>> this.#shift) & this.#mask]
    this.#passOn((at + this.#size) | 0)
    return value as Popped<K>
  }

  /** `#look(1)`, where nothing is known to be there: whether there is now. What whoever polls runs through again and again. */
  #lookAgain(at: number): boolean {
    this.#voidPeek()
    if (lookForData(this.#native) < 0) this.#port.checkFlags()
    if (this.#view.length === 0) this.#port.checkMemory()
    if (this.#positions[LIMIT] !== at) return true
    if (settleThread()) this.#refresh()
    if (this.#positions[LIMIT] !== at) return true
    this.#words[REFUSED]! += 1
    return false
  }

  /** Goes on to the position that must not be come to by the quick way. */
  #passOn(next: number): void {
    const positions = this.#positions
    positions[AT] = next
    let due = this.#lap - ((next - positions[DONE]!) | 0)
    if (due <= 0) {
      release(this.#native)
      due = this.#lap
    } else if (this.#words[OWING] === 0) owe(this.#native)
    // As `#goOn`.
    const way = Math.min((positions[LIMIT]! - next) | 0, due - this.#size)
    positions[STOP] = next + (this.#words[OWING] === 0 ? this.#size : way + this.#size)
  }

  popMany(into: NumericArray<K>): number
  popMany(max: number): Popped<K>[]
  popMany(target: NumericArray<K> | number): number | Popped<K>[] {
    if (typeof target === 'number') {
      checkInteger('max', target, 0, Number.MAX_SAFE_INTEGER)
      const count = Math.min(target, this.#elements(target))
      const values: Popped<K>[] = []
      const mask = this.#mask
      const index = this.#next()
      for (let i = 0; i < count; i++) values[i] = this.#view[(index + i) & mask] as Popped<K>
      this.#readBatch(count)
      return values
    }
    if (typedArrayName(target) !== this.#storage.viewName) {
      throw invalidArgument('into', `a ${this.#storage.viewName}, or a number of elements`, target)
    }
    const length = lengthOf(target)
    if (length === 0 && !isAttached(target)) throw detached('into')
    const count = Math.min(length, this.#elements(length))
    if (count === 0) return 0
    this.#copy(target as NumericView, count)
    return count
  }

  #batch(max: number): Batch<K> | undefined {
    const most = Math.min(max, this.#capacity)
    const count = Math.min(most, this.#elements(1))
    if (count === 0) return undefined
    const batch = new this.#storage.view(emptyBuffer(count * this.#size))
    this.#copy(batch, count)
    return batch as Batch<K>
  }

  /** Copies the oldest `count` elements and gives them back. */
  #copy(into: NumericView, count: number): void {
    const index = this.#next()
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, index + count)
    setElements(into, new this.#storage.view(this.#port.buffer, index << this.#shift, count), 0)
    this.#readBatch(count)
  }

  peek(n?: number): Peek<K> {
    if (n !== undefined) checkInteger('n', n, 1, 2 ** 31 - 1)
    const wanted = Math.min(n ?? this.#capacity, this.#capacity)
    const count = Math.min(wanted, this.#elements(wanted))
    const index = this.#next()
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, index + count)
    this.#native.shown()
    const view = new this.#storage.view(this.#port.buffer, index << this.#shift, count)
    this.#peeked = count
    this.#peekedAt = this.#positions[AT]!
    return view as Peek<K>
  }

  release(n?: number): void {
    this.#port.checkIdle()
    this.#voidPeek()
    const most = Math.max(0, this.#peeked)
    if (n === undefined) n = most
    if (this.#peeked === VOID && n > 0) throw peekIsVoid(n)
    checkInteger('n', n, 0, most)
    if (n === 0) return
    this.#readBatch(n)
    this.#peeked = most - n
    this.#peekedAt = this.#positions[AT]!
  }

  drain(fn: (value: Shown<K>) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    // Under 2^31: said to V8, which would count in doubles.
    const count = Math.min(max, this.#elements(Math.min(max, this.#capacity))) | 0
    // What never changes is read once: V8 does not know what fn leaves alone.
    const positions = this.#positions
    const view = this.#view
    const size = this.#size
    const shift = this.#shift
    const mask = this.#mask
    let taken = 0
    try {
      // The position goes forward before fn sees the element: if fn throws, or reads from this very
      // consumer, nothing is lost and nothing comes twice.
      while (taken < count) {
        const at = positions[AT]!
        const next = (at + size) | 0
        const value = view[(at >>> shift) & mask]
        if (next === positions[STOP]) {
          if (this.#available() === 0) break
          this.#passOn(next)
        } else positions[AT] = next
        taken++
        fn(value as Shown<K>)
      }
    } finally {
      if (this.#port.isOpen) this.#handOver()
    }
    return taken
  }

  visit(fn: (elements: View<K>, start: number, end: number) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const count = Math.min(max, this.#elements(Math.min(max, this.#capacity)))
    if (count === 0) return 0
    const start = this.#next()
    if (this.#heap === true) unfoldUp(this.#view, this.#capacity, start + count)
    this.#native.shown()
    this.#halt(VISITING)
    try {
      fn(this.#view as View<K>, start, start + count)
    } finally {
      // Also when fn throws: what it was shown is gone, and nothing else. It may have closed the consumer.
      if (this.#port.busy === VISITING) {
        this.#port.busy = ''
        // Whatever that finds is told by the next read: nothing of ours is to hide what fn has thrown.
        this.#positions[AT]! += count << this.#shift
        this.#handOver()
        ConsumerShell.resume(this)
      }
    }
    return count
  }

  /** The slot of the oldest element. */
  #next(): number {
    return (this.#positions[AT]! >>> this.#shift) & this.#mask
  }

  /** Elements that are known to be there. */
  #available(): number {
    const positions = this.#positions
    return (positions[LIMIT]! - positions[AT]!) >>> this.#shift
  }

  /** Counts `n` elements as read and gives them back at once. */
  #readBatch(n: number): void {
    if (n !== 0) {
      this.#positions[AT]! += n << this.#shift
      if (release(this.#native) !== 0) this.#port.checkFlags()
    }
    this.#goOn()
  }

  /** Bytes that were read and not given back. */
  #pending(): number {
    const positions = this.#positions
    return (positions[AT]! - positions[DONE]!) | 0
  }

  /**
   * Sets the next stop: beyond the elements that are known, or where enough have been read to give them back; at once, if
   * the handle has to be put on the list first.
   */
  #goOn(): void {
    const known = this.#available() << this.#shift
    const due = Math.max(this.#size, this.#lap - this.#pending())
    const way = this.#words[OWING] === 0 ? this.#size : Math.min(known + this.#size, due)
    this.#positions[STOP] = this.#positions[AT]! + way
  }

  /** Nothing may be read now. `why` is what other calls are told; the handle has ended where there is nothing to tell. */
  #halt(why: string): void {
    this.#positions[STOP] = this.#positions[AT]! + this.#size
    this.#port.busy = why
  }

  /** Gives back what was read. */
  #handOver(): void {
    release(this.#native)
    this.#goOn()
  }

  /** The elements there are, after a look only if fewer than `wanted` are known. */
  #elements(wanted: number): number {
    this.#port.checkIdle()
    this.#port.checkMemory()
    const available = this.#available()
    return available >= wanted ? available : this.#look(wanted)
  }

  #look(wanted: number): number {
    this.#port.checkIdle()
    this.#refresh()
    // The elements may be missing because a producer in this very thread has not published them.
    if (this.#available() < wanted && settleThread()) this.#refresh()
    if (this.#available() === 0) this.#words[REFUSED]! += 1
    return this.#available()
  }

  /**
   * Voids the peek if something was read since. Positions come again after 4 GiB, but not without a look in between.
   */
  #voidPeek(): void {
    if (this.#peeked > 0 && this.#peekedAt !== this.#positions[AT]) this.#peeked = VOID
  }

  #refresh(): void {
    this.#voidPeek()
    if (lookForData(this.#native) < 0) this.#port.checkFlags()
    else this.#port.checkMemory()
    if (this.#port.busy === '') this.#goOn()
  }

  #retire(): void {
    this.#positions[LIMIT] = this.#positions[AT]!
    this.#halt('')
    this.#peeked = 0
  }
}


/** The consumer of a kind. */
export function numericConsumer<K extends NumericName>(native: NativeHandle, kind: Kind<K>, storage: NumericStorage): NumericConsumer<K> {
  return storage.shift === WIDE_SHIFT ? new WideConsumer(native, kind, storage) : new NumericConsumer(native, kind, storage)
}
