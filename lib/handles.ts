// From a native handle to the class that fits its kind.

import type { Consumer, ElementKind, Producer } from '../index.js'
import { BytesConsumer } from './bytes-consumer.js'
import { BytesProducer } from './bytes-producer.js'
import { fromNative } from './errors.js'
import { numericKind } from './kinds.js'
import { createRing as createNative, type NativeHandle } from './native.js'
import { NumericConsumer } from './numeric-consumer.js'
import { NumericProducer } from './numeric-producer.js'
import { checkOptions } from './options.js'
import { Port } from './port.js'
import { claimToken } from './token.js'

function producerOf(native: NativeHandle): Producer<ElementKind> {
  const port = new Port(native, 'producer')
  const kind = numericKind(port.description.of)
  return (kind === undefined ? new BytesProducer(port) : new NumericProducer(port, kind)) as Producer<ElementKind>
}

function consumerOf(native: NativeHandle): Consumer<ElementKind> {
  const port = new Port(native, 'consumer')
  const kind = numericKind(port.description.of)
  return (kind === undefined ? new BytesConsumer(port) : new NumericConsumer(port, kind)) as Consumer<ElementKind>
}

export function createRing(options: unknown): { producer: Producer<ElementKind>; consumer: Consumer<ElementKind> } {
  const { of, bytes, memory, publish } = checkOptions(options)
  try {
    const native = createNative(bytes, memory, JSON.stringify({ of, publish }))
    return { producer: producerOf(native.producer), consumer: consumerOf(native.consumer) }
  } catch (error) {
    throw fromNative(error)
  }
}

/** `Producer` as a value: tells producers by `instanceof`, and takes tokens. */
export class ProducerConstructor {
  private constructor() {}

  static from(token: unknown): Producer<ElementKind> {
    return producerOf(claimToken(token, 'producer'))
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NumericProducer || value instanceof BytesProducer
  }
}

/** `Consumer` as a value: tells consumers by `instanceof`, and takes tokens. */
export class ConsumerConstructor {
  private constructor() {}

  static from(token: unknown): Consumer<ElementKind> {
    return consumerOf(claimToken(token, 'consumer'))
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NumericConsumer || value instanceof BytesConsumer
  }
}
