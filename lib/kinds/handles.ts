// From options and tokens to handles.

import type { ClaimOptions, Consumer, ConsumerToken, ElementKind, Producer, ProducerToken, RingOptions } from '../../index.js'
import { announce } from '../environment/diagnostics.js'
import { checkOptionsObject, CrosscoreError, fromNative, shown } from '../environment/errors.js'
import { ConsumerShell } from '../handle/consumer.js'
import { ProducerShell } from '../handle/producer.js'
import { claimToken, type Description, type Side } from '../handle/token.js'
import { createRing as createNative, type NativeHandle } from '../native/addon.js'
import type { Kind } from './kind.js'
import { CODEC, CODEC_NAME } from './encoded.js'
import { checkKind, checkOptions } from './options.js'
import { RECORD, recordDifference } from './record.js'
import { kindCoded, kindNamed, kindNames } from './table.js'

export function createRing<K extends ElementKind>(
  options: RingOptions<K>,
): { producer: Producer<K>; consumer: Consumer<K> } {
  const { kind, bytes, memory, publishEvery, drops } = checkOptions(options)
  const { code, elementSize, framed, schema } = kind
  try {
    const native = createNative(bytes, memory, code, publishEvery, framed ? 0 : elementSize, schema, drops)
    const { capacity, memoryKind } = native.producer
    announce('ring', () => ({ of: kind.of, capacity: Math.floor(capacity / elementSize), memory: memoryKind }))
    return { producer: kind.producer(native.producer), consumer: kind.consumer(native.consumer) }
  } catch (error) {
    throw fromNative(error)
  }
}

/** The kind that a token names, as the addon knows it. */
function expected(of: unknown): Description {
  if (of === CODEC_NAME) return { code: CODEC, schema: '' }
  const kind = kindNamed(of)
  if (kind === undefined) {
    throw new CrosscoreError('ERR_CROSSCORE_TOKEN', `a token's of is one of ${kindNames.join(', ')}; got ${shown(of)}`)
  }
  return kind
}

function nameOf({ code, schema }: Description): string {
  if (code === CODEC) return 'a codec'
  const kind = kindCoded(code, schema)
  return kind === undefined ? `kind ${code} ${schema}` : `'${kind.id}'`
}

/** In what two kinds differ, for a message. */
function difference(one: Description, other: Description): string {
  return one.code === RECORD && other.code === RECORD ? `: ${recordDifference(one.schema, other.schema)}` : ''
}

function claim<K extends ElementKind>(
  token: ProducerToken<K> | ConsumerToken<K>,
  side: Side,
  options: ClaimOptions<K> | undefined,
): { native: NativeHandle; kind: Kind<K> } {
  checkOptionsObject(options, '{ of: "f64" }')
  const wanted = options?.of === undefined ? undefined : checkKind(options.of)
  const native = claimToken(
    token,
    side,
    (of) => {
      const said = expected(of)
      // Nothing is claimed yet.
      if (said.code === CODEC && wanted === undefined) {
        throw new CrosscoreError(
          'ERR_CROSSCORE_INVALID_ARG',
          'the values of this ring are encoded by a codec, which does not travel with a token: use from(token, { of: codec })',
        )
      }
      if (wanted !== undefined && (wanted.code !== said.code || wanted.schema !== said.schema)) {
        throw new CrosscoreError(
          'ERR_CROSSCORE_TOKEN',
          `a ring of ${nameOf(wanted)} was expected, and the token's is of ${nameOf(said)}${difference(wanted, said)}`,
        )
      }
      return said
    },
    (real) => {
      const said = expected(token.of)
      return `the token says that its ring is of ${nameOf(said)}, and it is of ${nameOf(real)}${difference(said, real)}; pass the token as move() returned it`
    },
  )
  // The addon has compared it with what the ring is of.
  const kind: Kind<K> = wanted ?? kindNamed<K>(token.of)!
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

  static from<K extends ElementKind>(token: ProducerToken<K>, options?: ClaimOptions<K>): Producer<K> {
    const { native, kind } = claim(token, 'producer', options)
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

  static from<K extends ElementKind>(token: ConsumerToken<K>, options?: ClaimOptions<K>): Consumer<K> {
    const { native, kind } = claim(token, 'consumer', options)
    return kind.consumer(native)
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- of whatever kind: that is what instanceof finds out
  static [Symbol.hasInstance](value: unknown): value is Consumer<any> {
    return this === ConsumerConstructor && ConsumerShell.is(value)
  }
}
