// From options and tokens to handles.

import type { Consumer, ConsumerToken, ElementKind, Producer, ProducerToken, RingOptions } from '../../index.js'
import { announce } from '../environment/diagnostics.js'
import { CrosscoreError, fromNative, shown } from '../environment/errors.js'
import { ConsumerShell } from '../handle/consumer.js'
import { ProducerShell } from '../handle/producer.js'
import { claimToken, type Description, type Side } from '../handle/token.js'
import { createRing as createNative, type NativeHandle } from '../native/addon.js'
import type { Kind } from './kind.js'
import { checkOptions } from './options.js'
import { kindCoded, kindNamed, kindNames } from './table.js'

export function createRing<K extends ElementKind>(
  options: RingOptions<K>,
): { producer: Producer<K>; consumer: Consumer<K> } {
  const { kind, bytes, memory, publishEvery } = checkOptions(options)
  const { code, elementSize, schema } = kind
  try {
    const native = createNative(bytes, memory, code, publishEvery, elementSize, schema)
    const { capacity, memoryKind } = native.producer
    announce('ring', () => ({ of: kind.of, capacity: capacity / elementSize, memory: memoryKind }))
    return { producer: kind.producer(native.producer), consumer: kind.consumer(native.consumer) }
  } catch (error) {
    throw fromNative(error)
  }
}

/** The kind that a token names, as the addon knows it. */
function expected(of: unknown): Description {
  const kind = kindNamed(of)
  if (kind === undefined) {
    throw new CrosscoreError('ERR_CROSSCORE_TOKEN', `a token's of is one of ${kindNames.join(', ')}; got ${shown(of)}`)
  }
  return kind
}

function nameOf({ code, schema }: Description): string {
  const kind = kindCoded(code, schema)
  return kind === undefined ? `kind ${code} ${schema}` : `'${kind.id}'`
}

function claim<K extends ElementKind>(token: { readonly of: K }, side: Side): { native: NativeHandle; kind: Kind<K> } {
  const native = claimToken(
    token,
    side,
    expected,
    (real) =>
      `the token says that its ring is of ${nameOf(expected(token.of))}, and it is of ${nameOf(real)}; ` +
      'pass the token as move() returned it',
  )
  const kind = kindNamed(token.of)
  announce('claim', () => ({ side, of: kind.of }))
  return { native, kind }
}

/** Handles come from createRing and from tokens. */
function notMade(name: string): never {
  throw new TypeError(`a ${name} is not made by new: use createRing(options) or ${name}.from(token)`)
}

/** `Producer` as a value: tells producers by `instanceof`, and takes tokens. */
export class ProducerConstructor {
  constructor() {
    notMade('Producer')
  }

  static from<K extends ElementKind>(token: ProducerToken<K>): Producer<K> {
    const { native, kind } = claim(token, 'producer')
    return kind.producer(native)
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- of whatever kind: that is what instanceof finds out
  static [Symbol.hasInstance](value: unknown): value is Producer<any> {
    return this === ProducerConstructor && ProducerShell.is(value)
  }
}

/** `Consumer` as a value: tells consumers by `instanceof`, and takes tokens. */
export class ConsumerConstructor {
  constructor() {
    notMade('Consumer')
  }

  static from<K extends ElementKind>(token: ConsumerToken<K>): Consumer<K> {
    const { native, kind } = claim(token, 'consumer')
    return kind.consumer(native)
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- of whatever kind: that is what instanceof finds out
  static [Symbol.hasInstance](value: unknown): value is Consumer<any> {
    return this === ConsumerConstructor && ConsumerShell.is(value)
  }
}
