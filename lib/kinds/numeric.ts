// The kinds of numbers and bigints: what TypeScript calls them and how they are stored.

import type { BigIntKind, NumberKind } from '../../index.js'
import type { NumericView, ViewConstructor } from '../environment/intrinsics.js'
import type { Kind } from './kind.js'
import { numericConsumer } from './numeric-consumer.js'
import { numericProducer } from './numeric-producer.js'

export type NumericName = NumberKind | BigIntKind

/** How the elements of a numeric kind are stored. */
export interface NumericStorage {
  readonly name: NumericName
  readonly view: ViewConstructor
  /** The view's name. A function computes its name each time it is asked, and a program may change it. */
  readonly viewName: string
  /** log2 of the size of an element in bytes. */
  readonly shift: number
  /** The elements are bigints. */
  readonly big: boolean
  /** A value that changes when it is stored is an error. For floats it is rounding. */
  readonly exact: boolean
  /** What is allowed, for messages. */
  readonly allowed: string
}

/** A row of the table of kinds. */
export function numeric<K extends NumericName>(
  of: K,
  code: number,
  view: ViewConstructor & (new (buffer: ArrayBuffer) => NumericView),
  allowed: string,
): Kind<K> {
  const elementSize = view.BYTES_PER_ELEMENT
  const storage: NumericStorage = {
    name: of,
    view,
    viewName: view.name,
    shift: Math.log2(elementSize),
    big: of.endsWith('64') && of !== 'f64',
    exact: !of.startsWith('f'),
    allowed,
  }
  const kind: Kind<K> = {
    id: of,
    of,
    code,
    schema: '',
    elementSize,
    framed: false,
    least: elementSize,
    producer: (native) => numericProducer<K>(native, kind, storage),
    consumer: (native) => numericConsumer<K>(native, kind, storage),
  }
  return kind
}
