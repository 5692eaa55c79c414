// The consumer of records.

import type { AnySchema, Batch, Peek, Popped, Shown, View } from '../../index.js'
import { checkCallback, checkInteger } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import { owe, settleThread } from '../environment/turn.js'
import { ConsumerShell } from '../handle/consumer.js'
import { Port } from '../handle/port.js'
import * as slots from '../layout/slots.js'
import type { NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'
import { Run } from './record-batch.js'
import type { Place, RecordAccess } from './record-cursor.js'
import type { RecordSchema } from './record-schema.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { AT, DONE, KNOWN, OWING, REFUSED } = control
const { lookForData, release } = crossing
const { bytesOver } = intrinsics
const { unfoldUp } = slots

/** Records in a batch when the caller names no number. */
const LONGEST_BATCH = 4096

/** Why other calls are refused while a callback is shown records. */
const SHOWING = 'drain or visit is showing records: read the next ones after its callback'

/**
 * Counts are bytes, positions too. While a callback is shown records the count is put aside and 0, so that pop need not
 * ask. It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class RecordConsumer<S extends AnySchema> extends ConsumerShell<S> {
  readonly #port: Port
  readonly #native: NativeHandle
  readonly #words: Uint32Array
  readonly #positions: Int32Array
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #run: Run
  readonly #access: RecordAccess
  readonly #place: Place
  /** Cursors of records inside end with the record that they are in. */
  readonly #nested: boolean = false
  /** Of a record, in bytes. */
  readonly #size: number = 0
  /** Of the ring, in bytes. */
  readonly #ring: number = 0
  /** Bytes that are given back together: a quarter of the ring, at least a record. */
  readonly #lap: number = 0
  readonly #heap: boolean = false
  /** The oldest record. */
  #offset: number = 0
  #available: number = 0
  /** Records that peek has shown and nobody has taken since. */
  #peeked: number = 0

  constructor(native: NativeHandle, kind: Kind<S>, schema: RecordSchema) {
    const port = new Port(native, 'consumer', kind)
    super(port)
    this.#port = port
    this.#native = native
    this.#words = native.words
    this.#positions = native.positions
    this.#bytes = bytesOver(port.buffer)
    this.#run = new Run(schema, port.buffer)
    this.#access = this.#run.access
    this.#place = this.#run.place
    this.#nested = this.#access.leave !== undefined
    this.#size = schema.size
    this.#ring = native.capacity
    this.#lap = Math.max(schema.size, native.capacity >>> 2)
    this.#heap = native.memoryKind === 'heap'
    this.#offset = native.offset
    ConsumerShell.join<S>(this, {
      known: () => this.#available,
      look: () => this.#refresh(),
      batch: (max) => {
        const records = this.popMany(Math.min(max, LONGEST_BATCH))
        return records.length === 0 ? undefined : (records as Batch<S>)
      },
      retire: () => this.#retire(),
    })
  }

  pop(): Popped<S> | undefined {
    if (this.#available < this.#size && this.#look(this.#size) < this.#size) return undefined
    const record = this.#copy()
    this.#read(1)
    return record
  }

  popMany(into: never): number
  popMany(max: number): Popped<S>[]
  popMany(max: number): number | Popped<S>[] {
    checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER)
    const count = this.#some(max)
    const records: Popped<S>[] = []
    for (let i = 0; i < count; i++) {
      records[i] = this.#copy()
      this.#read(1)
    }
    if (count > 0) this.#release()
    return records
  }

  peek(n?: number): Peek<S> {
    if (n !== undefined) checkInteger('n', n, 1, 2 ** 31 - 1)
    const count = this.#some(n ?? this.#port.capacity)
    this.#port.checkMemory()
    this.#native.shown()
    this.#show(count)
    this.#peeked = count
    return this.#run.batch as unknown as Peek<S>
  }

  release(n?: number): void {
    this.#port.checkIdle()
    const most = this.#peeked
    if (n === undefined) n = most
    checkInteger(most === 0 ? 'n (nothing is shown: peek comes first, and pop ends it)' : 'n', n, 0, most)
    if (n === 0) return
    this.#read(n)
    this.#release()
    this.#peeked = most - n
    this.#run.giveBack(n)
    this.#port.checkFlags()
  }

  drain(fn: (record: Shown<S>) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const count = this.#some(max)
    if (count === 0) return 0
    this.#native.shown()
    const cursor = this.#access.cursor as Shown<S>
    const port = this.#port
    const available = this.#hide()
    let taken = 0
    let read = 0
    try {
      while (taken < count) {
        if (this.#heap === true) this.#unfold(1)
        if (this.#nested === true) this.#access.leave!()
        this.#place.at = this.#offset
        taken++
        fn(cursor)
        // It may have closed the consumer.
        if (port.busy !== SHOWING) break
        this.#read(1)
        read++
      }
    } finally {
      if (port.busy === SHOWING) {
        port.busy = ''
        // A record whose callback has thrown counts as read.
        if (read < taken) this.#read(1)
        this.#available = available - taken * this.#size
      }
      this.#finish()
    }
    return taken
  }

  visit(fn: (records: View<S>, start: number, end: number) => void, max: number = Infinity): number {
    checkCallback(fn, max)
    const count = this.#some(max)
    if (count === 0) return 0
    this.#native.shown()
    this.#show(count)
    const available = this.#hide()
    try {
      fn(this.#run.batch as unknown as View<S>, 0, count)
    } finally {
      this.#shown(available, count)
      this.#finish()
    }
    return count
  }

  /** A callback is about to be shown records: nothing else is to read them. What was available. */
  #hide(): number {
    const available = this.#available
    this.#available = 0
    this.#port.busy = SHOWING
    return available
  }

  /** The callback has returned or thrown: what it was shown counts as read. */
  #shown(available: number, count: number): void {
    // It may have closed the consumer.
    if (this.#port.busy !== SHOWING) return
    this.#port.busy = ''
    this.#available = available
    this.#read(count)
  }

  /** The callbacks are over. */
  #finish(): void {
    this.#run.leave()
    if (!this.#port.isOpen) return
    this.#release()
    ConsumerShell.resume(this)
  }

  /** The oldest record, as an object of its own. */
  #copy(): Popped<S> {
    if (this.#heap === true) this.#unfold(1)
    this.#place.at = this.#offset
    const record = this.#access.read() as Popped<S>
    this.#run.leave()
    return record
  }

  #show(count: number): void {
    if (this.#heap === true) this.#unfold(count)
    this.#run.show(this.#offset, count)
  }

  #unfold(count: number): void {
    unfoldUp(this.#bytes, this.#ring, this.#offset + count * this.#size)
  }

  /** Up to `max` records that are there, after a look only if fewer are known. */
  #some(max: number): number {
    this.#port.checkIdle()
    const wanted = Math.min(max, this.#port.capacity) * this.#size
    const bytes = this.#available >= wanted ? this.#available : this.#look(wanted)
    return Math.min(max, Math.floor(bytes / this.#size))
  }

  /** Counts `n` records as read, and gives them back if enough are due. */
  #read(n: number): void {
    const bytes = n * this.#size
    this.#peeked = 0
    this.#offset = (this.#offset + bytes) & (this.#ring - 1)
    this.#available -= bytes
    const positions = this.#positions
    const at = (positions[AT]! + bytes) | 0
    positions[AT] = at
    if (((at - positions[DONE]!) | 0) >= this.#lap) this.#release()
    else if (this.#words[OWING] === 0) owe(this.#native)
  }

  /** Gives back what was read. Whatever that finds is told by the next read: a callback may have thrown, and is heard first. */
  #release(): void {
    release(this.#native)
  }

  #look(wanted: number): number {
    this.#port.checkIdle()
    this.#refresh()
    // The records may be missing because a producer in this very thread has not published them.
    if (this.#available < wanted && settleThread()) this.#refresh()
    if (this.#available === 0) this.#words[REFUSED]! += 1
    return this.#available
  }

  #refresh(): void {
    let known = lookForData(this.#native)
    if (known < 0) {
      this.#port.checkFlags()
      known = this.#words[KNOWN]!
    }
    if (this.#bytes.length === 0) this.#port.checkMemory()
    this.#available = known
  }

  #retire(): void {
    this.#available = 0
    this.#peeked = 0
    this.#run.leave()
  }
}
