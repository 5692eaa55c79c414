// The producer of records.

import type { AnySchema, Element, View } from '../../index.js'
import { busy, checkInteger, invalidArgument, isBusy, tooLarge } from '../environment/errors.js'
import * as intrinsics from '../environment/intrinsics.js'
import { owe, settleThread } from '../environment/turn.js'
import { takeNext } from '../handle/leftover.js'
import { Port } from '../handle/port.js'
import { nothingReserved, ProducerShell, RESERVED } from '../handle/producer.js'
import * as slots from '../layout/slots.js'
import type { NativeHandle } from '../native/addon.js'
import * as control from '../native/control.js'
import * as crossing from '../native/crossing.js'
import type { Kind } from './kind.js'
import { Run } from './record-batch.js'
import type { Place, RecordAccess } from './record-cursor.js'
import type { RecordSchema } from './record-schema.js'

// V8 folds a constant of this module into hot code, and loads one of another module each time, with checks.
const { AT, DONE, FLAGS, KNOWN, OWING, REFUSED } = control
const { lookForRoom, publish } = crossing
const { bytesOver, isArray, isView, lengthOfList } = intrinsics
const { foldDown } = slots

/** Why other calls are refused while a record's fields are read, which may be getters of the program. */
const READING = 'a record is being pushed: a getter of it used the same producer'

/**
 * Counts are bytes, positions too: a record's size need not be a power of two, and the last one of a lap may go on in the
 * memory's second half. While a reservation is open or a record is read, the count is put aside and 0, so that push need
 * not ask. It keeps INV-JS-1, INV-JS-2, INV-JS-3 and INV-JS-7.
 */
export class RecordProducer<S extends AnySchema> extends ProducerShell<S> {
  readonly #port: Port
  readonly #native: NativeHandle
  readonly #words: Uint32Array
  readonly #positions: Int32Array
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #run: Run
  readonly #access: RecordAccess
  readonly #place: Place
  /** Of a record, in bytes. */
  readonly #size: number = 0
  /** Of the ring, in bytes. */
  readonly #ring: number = 0
  /** Pending bytes that are published without being asked. */
  readonly #due: number = 0
  readonly #each: boolean = false
  readonly #heap: boolean = false
  /** Where the next record goes. */
  #offset: number = 0
  #free: number = 0
  /** Records of the open reservation, or 0. */
  #reserved: number = 0
  #aside: number = 0
  /** A reservation was made before: the addon knows that the program has views. */
  #hasShown: boolean = false

  constructor(native: NativeHandle, kind: Kind<S>, schema: RecordSchema) {
    const port = new Port(native, 'producer', kind)
    super(port)
    this.#port = port
    this.#native = native
    this.#words = native.words
    this.#positions = native.positions
    this.#bytes = bytesOver(port.buffer)
    this.#run = new Run(schema, port.buffer)
    this.#access = this.#run.access
    this.#place = this.#run.place
    const { size } = schema
    this.#size = size
    this.#ring = native.capacity
    // A quarter of the ring at most, so that the consumer is never idle while a long turn fills it.
    this.#due = Math.min(native.publishEvery * size, Math.max(size, native.capacity >>> 2))
    this.#each = this.#due <= size
    this.#heap = native.memoryKind === 'heap'
    this.#offset = native.offset
    ProducerShell.join(this, {
      known: () => this.#free,
      look: () => this.#refresh(),
      short: () => size,
      room: (n) => {
        checkInteger('n', n, 1, 2 ** 31 - 1)
        if (n > port.capacity) throw tooLarge('room', n, port.capacity)
        return n * size
      },
      reserved: () => this.#reserved * size,
      retire: () => this.#retire(),
      measure,
      pushRun: (records, from) => this.#pushList(records as readonly Element<S>[], from),
      pushFrom: (iterator, at) => this.#pushFrom(iterator as Iterator<Element<S>>, at),
      wanted: (left) => Math.min(Math.max(size, native.capacity >>> 2), left * size),
    })
  }

  // push, reserve and commit are written out, each longer than the 460 bytes of bytecode that V8 takes into a caller. It takes calls
  // in by how often they are made, and accessors last: with these in it a loop had no room left for the setters of a record,
  // and took 57 ns for six fields in place instead of 31. __test__/inlining.spec.js measures them.

  push(record: Element<S>): boolean {
    const port = this.#port
    const size = this.#size
    let free = this.#free
    if (free < size) {
      free = this.#look(size)
      if (free < size) return port.full()
    }
    this.#aside = free
    this.#free = 0
    port.busy = READING
    this.#place.at = this.#offset
    try {
      this.#access.write(record)
    } catch (error) {
      this.#restoreRead()
      // Closed by a getter: that is what is wrong, not the cursor that ended with it.
      if (!port.isOpen && isBusy(error)) port.checkOpen()
      throw error
    }
    this.#run.leave()
    if (port.busy !== READING) port.checkOpen()
    port.busy = ''
    if (this.#bytes.length === 0) port.checkMemory()
    if (this.#heap === true) foldDown(this.#bytes, this.#ring, this.#offset + size)
    if (this.#each === true) {
      this.#offset = (this.#offset + size) & (this.#ring - 1)
      this.#free = free - size
      this.#positions[AT]! += size
      if (publish(this.#native) !== 0) this.#refuse()
      return true
    }
    this.#free = free
    if (this.#words[OWING] === 0) this.#enter()
    this.#count(size)
    if (((this.#positions[AT]! - this.#positions[DONE]!) | 0) >= this.#due && publish(this.#native) !== 0) this.#refuse()
    return true
  }

  reserve(n: number): View<S> | null {
    const port = this.#port
    const run = this.#run
    // What is no number has an error of its own when it is reckoned with.
    const bytes = typeof n === 'number' ? n * this.#size : 0
    let free = this.#free
    // Whatever is free is free in an idle, open handle: so everything else is asked only where that is not enough.
    if (!(bytes > 0 && bytes <= free && (n | 0) === n && this.#hasShown === true && this.#bytes.length > 0)) {
      port.checkIdle()
      checkInteger('n', n, 1, 2 ** 31 - 1)
      if (n > port.capacity) throw tooLarge('a reservation', n, port.capacity)
      if (free < bytes) {
        // As #look.
        const words = this.#words
        free = lookForRoom(this.#native)
        if (free < 0) {
          port.checkFlags()
          free = words[KNOWN]!
        }
        if (this.#bytes.length === 0) port.checkMemory()
        this.#free = free
        if (words[FLAGS] !== 0) this.#refuse()
        if (free < bytes && settleThread()) {
          this.#refresh()
          free = this.#free
        }
        if (free < bytes) {
          words[REFUSED]! += 1
          return null
        }
      }
      port.checkMemory()
      this.#native.shown()
      this.#hasShown = true
    }
    this.#reserved = n
    this.#aside = free
    this.#free = 0
    port.busy = RESERVED
    // As run.show.
    const offset = this.#offset
    run.start = offset
    run.length = n
    run.gone = 0
    this.#place.at = offset
    if (run.nested === true) this.#access.leave!()
    return run.batch as unknown as View<S>
  }

  commit(n: number = this.#reserved): void {
    const port = this.#port
    if (!(typeof n === 'number' && n > 0 && n <= this.#reserved && (n | 0) === n)) {
      port.checkOpen()
      if (this.#reserved === 0) throw nothingReserved()
      checkInteger('n', n, 0, this.#reserved)
    }
    const bytes = n * this.#size
    port.busy = ''
    this.#reserved = 0
    this.#free = this.#aside
    this.#run.leave()
    if (this.#bytes.length === 0) port.checkMemory()
    if (this.#heap === true) foldDown(this.#bytes, this.#ring, this.#offset + bytes)
    if (this.#each === true) {
      this.#offset = (this.#offset + bytes) & (this.#ring - 1)
      this.#free -= bytes
      this.#positions[AT]! += bytes
      if (bytes > 0 && publish(this.#native) !== 0) this.#refuse()
    } else if (bytes > 0) {
      if (this.#words[OWING] === 0) this.#enter()
      this.#count(bytes)
      if (((this.#positions[AT]! - this.#positions[DONE]!) | 0) >= this.#due && publish(this.#native) !== 0) this.#refuse()
    }
    ProducerShell.resume(this)
  }

  abort(): void {
    this.#checkReserved()
    this.#restore()
    ProducerShell.resume(this)
  }

  #pushList(records: readonly Element<S>[], from: number): number {
    const length = lengthOfList(records)
    let count = 0
    try {
      while (from + count < length && (this.#free >= this.#size || this.#look(this.#size) >= this.#size)) {
        const record = records[from + count]!
        // It may come from a getter, which may have used this producer: pushed, reserved, or moved it.
        this.#port.checkIdle()
        if (this.#free < this.#size && this.#look(this.#size) < this.#size) break
        this.#take(record)
        count++
      }
    } finally {
      // What was taken is published. If something was thrown, that is what is heard.
      if (this.#port.isOpen) publish(this.#native)
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  #pushFrom(iterator: Iterator<Element<S>>, _at: number): number {
    let count = 0
    try {
      // Room first, then the next record: one that does not fit is never taken from the iterator.
      while (this.#free >= this.#size || this.#look(this.#size) >= this.#size) {
        const next = takeNext(iterator)
        if (next.done) break
        // The iterator is code of the program, and may have used this producer meanwhile.
        this.#port.checkIdle()
        if (this.#free < this.#size && this.#look(this.#size) < this.#size) {
          throw busy('pushMany is under way, and the iterator filled the ring through the same producer')
        }
        this.#take(next.value)
        count++
      }
    } finally {
      if (this.#port.isOpen) publish(this.#native)
    }
    if (this.#port.isOpen && this.#words[FLAGS] !== 0) this.#refuse()
    return count
  }

  /** Writes one of several records, to be published by the caller. */
  #take(record: Element<S>): void {
    this.#write(record)
    if (this.#bytes.length === 0) this.#port.checkMemory()
    if (this.#heap === true) foldDown(this.#bytes, this.#ring, this.#offset + this.#size)
    this.#count(this.#size)
    // Not published yet; but if a getter waits for a ring in this thread, it will be.
    owe(this.#native)
  }

  /** Writes the fields of a record into the next slot. Nothing counts as written before all of them are right. */
  #write(record: Element<S>): void {
    const port = this.#port
    this.#aside = this.#free
    this.#free = 0
    port.busy = READING
    this.#place.at = this.#offset
    try {
      this.#access.write(record)
    } catch (error) {
      this.#restoreRead()
      // Closed by a getter: that is what is wrong, not the cursor that ended with it.
      if (!port.isOpen && isBusy(error)) port.checkOpen()
      throw error
    }
    this.#restoreRead()
  }

  /** The fields of a record were read, and a getter among them may have closed the producer. */
  #restoreRead(): void {
    const port = this.#port
    this.#run.leave()
    if (port.busy !== READING) port.checkOpen()
    port.busy = ''
    this.#free = this.#aside
  }

  /** Counts `bytes` as written. */
  #count(bytes: number): void {
    this.#offset = (this.#offset + bytes) & (this.#ring - 1)
    this.#free -= bytes
    // From here on they are part of the stream, even if this thread dies before it publishes them.
    this.#positions[AT]! += bytes
  }

  /** The first record of a turn that is not published at once: asks whether there is still somebody to read it. */
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

  /** The free bytes, of which fewer than `wanted` were known. */
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
    if (this.#bytes.length === 0) this.#port.checkMemory()
    this.#free = known
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
    this.#run.leave()
  }

  #retire(): void {
    this.#free = 0
    this.#reserved = 0
    this.#run.leave()
  }
}

function measure(records: unknown): number | undefined {
  if (isArray(records)) return lengthOfList(records)
  if (
    typeof records !== 'object' ||
    records === null ||
    isView(records) ||
    typeof (records as Iterable<unknown>)[Symbol.iterator] !== 'function'
  ) {
    throw invalidArgument('records', 'an array or an iterable of objects', records)
  }
  return undefined
}
