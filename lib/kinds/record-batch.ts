// Records that lie one after another: what reserve and peek give.

import { busy, checkInteger, invalidArgument } from '../environment/errors.js'
import { lengthOf, typedArrayName, type NumericView } from '../environment/intrinsics.js'
import { Place, recordAccess, type RecordAccess, type Scalar } from './record-cursor.js'
import type { RecordSchema } from './record-schema.js'

/** One object for all runs of records that a handle shows: nothing is made for a run. */
export class RecordBatch {
  readonly #place: Place
  readonly #access: RecordAccess
  readonly #size: number = 0
  #start: number = 0
  #length: number = 0
  /** How many of them, from the first on, were given back. */
  #gone: number = 0

  private constructor(schema: RecordSchema, memory: ArrayBuffer) {
    this.#place = new Place(memory)
    this.#access = recordAccess(schema, this.#place)
    this.#size = schema.size
  }

  /** Makes a batch, and the access to single records that it is made of. */
  static make(schema: RecordSchema, memory: ArrayBuffer): RecordBatch {
    const batch = new RecordBatch(schema, memory)
    for (const name of batch.#access.columns.keys()) {
      // A field that is named like something that every batch has is reached by column(name).
      if (!(name in batch)) Object.defineProperty(batch, name, { get: () => batch.column(name), enumerable: true })
    }
    return Object.preventExtensions(batch)
  }

  static access(batch: RecordBatch): RecordAccess {
    return batch.#access
  }

  /** Goes to the record at byte `at`, outside of any run. */
  static go(batch: RecordBatch, at: number): void {
    batch.#place.at = at
    batch.#access.leave?.()
  }

  /** Shows `count` records from byte `start` on. */
  static show(batch: RecordBatch, start: number, count: number): void {
    batch.#start = start
    batch.#length = count
    batch.#gone = 0
    if (count > 0) RecordBatch.go(batch, start)
    else RecordBatch.leave(batch)
  }

  /** The first `count` of the records that are shown were given back: they are refused. The others keep their index. */
  static giveBack(batch: RecordBatch, count: number): void {
    batch.#gone += count
    if (batch.#gone >= batch.#length) RecordBatch.leave(batch)
    else if (batch.#place.at < batch.#start + batch.#gone * batch.#size) RecordBatch.go(batch, batch.#start + batch.#gone * batch.#size)
  }

  /** Shows nothing any more. */
  static leave(batch: RecordBatch): void {
    batch.#length = 0
    batch.#gone = 0
    batch.#place.leave()
    batch.#access.leave?.()
  }

  /** How many records there are. */
  get length(): number {
    return this.#length
  }

  /** The cursor, on the record at `index` until the next call. */
  at(index: number): object {
    if (this.#length === 0) throw invalidArgument('index', 'that of a record that is shown, and none is', index)
    checkInteger(this.#gone === 0 ? 'index' : 'index (the records before were given back)', index, this.#gone, this.#length - 1)
    RecordBatch.go(this, this.#start + index * this.#size)
    return this.#access.cursor
  }

  /** A copy of one field of all the records: in a typed array of its own, or in `into`, which must be of the field's kind and hold as many. */
  column(name: string, into?: NumericView): NumericView {
    const column = this.#access.columns.get(name)
    if (column === undefined) {
      throw invalidArgument('name', `the name of a field that is one number: ${[...this.#access.columns.keys()].join(', ')}`, name)
    }
    if (into !== undefined) {
      const kind = typedArrayName(column(0, 0, 0))
      if (typedArrayName(into) !== kind || lengthOf(into) < this.#length) {
        throw invalidArgument('into', `a ${kind} of ${this.#length} or more`, into)
      }
    }
    if (this.#gone > 0) throw busy(`${this.#gone} of these records were given back: peek shows the others`)
    return column(this.#start, this.#size, this.#length, into)
  }

  /** The cursor, on one record after the other. */
  *[Symbol.iterator](): IterableIterator<object> {
    for (let i = this.#gone; i < this.#length; i++) yield this.at(i)
  }
}

export type { Scalar }
