// Records that lie one after another: what reserve and peek give.

import { busy, invalidArgument } from '../environment/errors.js'
import { lengthOf, typedArrayName, type NumericView } from '../environment/intrinsics.js'
import { NOWHERE, Place, recordAccess, type RecordAccess } from './record-cursor.js'
import type { RecordSchema } from './record-schema.js'

/**
 * The records that a handle shows, as the handle sees them. Apart from what the program has, which has a property for each
 * field: V8 sees an object of another kind in each schema, and all handles of a thread would look for their fields in a table.
 */
export class Run {
  readonly place: Place
  readonly access: RecordAccess
  readonly size: number = 0
  /** There are records inside, whose cursors end when the outer one moves. */
  readonly nested: boolean = false
  start: number = 0
  length: number = 0
  /** How many of them, from the first on, were given back. */
  gone: number = 0
  /** What the program has: one object for all runs, so that nothing is made for one. */
  readonly batch: RecordBatch

  constructor(schema: RecordSchema, memory: ArrayBuffer) {
    this.place = new Place(memory)
    this.access = recordAccess(schema, this.place)
    this.size = schema.size
    this.nested = this.access.leave !== undefined
    this.batch = RecordBatch.of(this)
  }

  /** Goes to a record of the run: cursors of records inside the one before end. */
  move(at: number): void {
    this.place.at = at
    if (this.nested === true) this.access.leave!()
  }

  /** Shows `count` records from byte `start` on. */
  show(start: number, count: number): void {
    this.start = start
    this.length = count
    this.gone = 0
    // As `move`: what is written out takes less of the bytecode that V8 takes into a loop.
    this.place.at = count > 0 ? start : NOWHERE
    if (this.nested === true) this.access.leave!()
  }

  /** The first `count` of the records that are shown were given back: they are refused. The others keep their index. */
  giveBack(count: number): void {
    this.gone += count
    const first = this.start + this.gone * this.size
    if (this.gone >= this.length) this.leave()
    else if (this.place.at < first) this.move(first)
  }

  /** Shows nothing any more. */
  leave(): void {
    this.length = 0
    this.place.at = NOWHERE
    if (this.nested === true) this.access.leave!()
  }
}

/** The getters of columns by name: with getters of its own each batch would be of another kind for V8. */
const getters = new Map<string, (this: RecordBatch) => NumericView>()

function getterOf(name: string): (this: RecordBatch) => NumericView {
  let getter = getters.get(name)
  if (getter === undefined) {
    getter = function () {
      return this.column(name)
    }
    getters.set(name, getter)
  }
  return getter
}

/** What reserve and peek give. */
export class RecordBatch {
  readonly #run: Run

  private constructor(run: Run) {
    this.#run = run
  }

  static of(run: Run): RecordBatch {
    const batch = new RecordBatch(run)
    for (const name of run.access.columns.keys()) {
      // A field that is named like something that every batch has is reached by column(name).
      if (!(name in batch)) Object.defineProperty(batch, name, { get: getterOf(name), enumerable: true })
    }
    return Object.preventExtensions(batch)
  }

  /** How many records there are. */
  get length(): number {
    return this.#run.length
  }

  /** The cursor, on the record at `index` until the next call. */
  at(index: number): object {
    const run = this.#run
    if (!(index >= run.gone && index < run.length && (index | 0) === index)) this.#refuse(index)
    run.place.at = run.start + index * run.size
    if (run.nested === true) run.access.leave!()
    return run.access.cursor
  }

  #refuse(index: unknown): never {
    const { gone, length } = this.#run
    if (length === 0) throw invalidArgument('index', 'that of a record that is shown, and none is', index)
    const what = gone === 0 ? 'index' : 'index (the records before were given back)'
    throw invalidArgument(what, `an integer from ${gone} to ${length - 1}`, index)
  }

  /** A copy of one field of all the records: in a typed array of its own, or in `into`, which must be of the field's kind and hold as many. */
  column(name: string, into?: NumericView): NumericView {
    const { access, gone, length, size, start } = this.#run
    const column = access.columns.get(name)
    if (column === undefined) {
      throw invalidArgument('name', `the name of a field that is one number: ${[...access.columns.keys()].join(', ')}`, name)
    }
    if (into !== undefined) {
      const kind = typedArrayName(column(0, 0, 0))
      if (typedArrayName(into) !== kind || lengthOf(into) < length) {
        throw invalidArgument('into', `a ${kind} of ${length} or more`, into)
      }
    }
    if (length > 0 && gone > 0) throw busy(`${gone} of these records were given back: peek shows the others`)
    return column(start, size, length, into)
  }

  /** The cursor, on one record after the other. */
  *[Symbol.iterator](): IterableIterator<object> {
    for (let i = this.#run.gone; i < this.#run.length; i++) yield this.at(i)
  }
}
