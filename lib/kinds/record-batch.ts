// Records that lie one after another: what reserve and peek give.

import { busy, invalidArgument } from '../environment/errors.js'
import { lengthOf, typedArrayName, type NumericView } from '../environment/intrinsics.js'
import { NOWHERE, Place, recordAccess, type RecordAccess } from './record-cursor.js'
import type { RecordSchema } from './record-schema.js'

/** One object for all runs of records that a handle shows: nothing is made for a run. */
export class RecordBatch {
  readonly #place: Place
  readonly #access: RecordAccess
  readonly #size: number = 0
  /** There are records inside, whose cursors end when the outer one moves. */
  readonly #nested: boolean = false
  #start: number = 0
  #length: number = 0
  /** How many of them, from the first on, were given back. */
  #gone: number = 0

  private constructor(schema: RecordSchema, memory: ArrayBuffer) {
    this.#place = new Place(memory)
    this.#access = recordAccess(schema, this.#place)
    this.#size = schema.size
    this.#nested = this.#access.leave !== undefined
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

  /** Where the cursor is. A handle moves it by itself where it shows one record after the other. */
  static place(batch: RecordBatch): Place {
    return batch.#place
  }

  /** Goes to a record of the run: cursors of records inside the one before end. */
  static #move(batch: RecordBatch, at: number): void {
    batch.#place.at = at
    if (batch.#nested === true) batch.#access.leave!()
  }

  /** Shows `count` records from byte `start` on. */
  static show(batch: RecordBatch, start: number, count: number): void {
    batch.#start = start
    batch.#length = count
    batch.#gone = 0
    batch.#place.at = count > 0 ? start : NOWHERE
    if (batch.#nested === true) batch.#access.leave!()
  }

  /** The first `count` of the records that are shown were given back: they are refused. The others keep their index. */
  static giveBack(batch: RecordBatch, count: number): void {
    batch.#gone += count
    if (batch.#gone >= batch.#length) RecordBatch.leave(batch)
    else if (batch.#place.at < batch.#start + batch.#gone * batch.#size) RecordBatch.#move(batch, batch.#start + batch.#gone * batch.#size)
  }

  /** Shows nothing any more. */
  static leave(batch: RecordBatch): void {
    batch.#length = 0
    batch.#place.at = NOWHERE
    if (batch.#nested === true) batch.#access.leave!()
  }

  /** How many records there are. */
  get length(): number {
    return this.#length
  }

  /** The cursor, on the record at `index` until the next call. */
  at(index: number): object {
    if (!(index >= this.#gone && index < this.#length && (index | 0) === index)) this.#refuse(index)
    this.#place.at = this.#start + index * this.#size
    if (this.#nested === true) this.#access.leave!()
    return this.#access.cursor
  }

  #refuse(index: unknown): never {
    if (this.#length === 0) throw invalidArgument('index', 'that of a record that is shown, and none is', index)
    const what = this.#gone === 0 ? 'index' : 'index (the records before were given back)'
    throw invalidArgument(what, `an integer from ${this.#gone} to ${this.#length - 1}`, index)
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
    if (this.#length > 0 && this.#gone > 0) throw busy(`${this.#gone} of these records were given back: peek shows the others`)
    return column(this.#start, this.#size, this.#length, into)
  }

  /** The cursor, on one record after the other. */
  *[Symbol.iterator](): IterableIterator<object> {
    for (let i = this.#gone; i < this.#length; i++) yield this.at(i)
  }
}
