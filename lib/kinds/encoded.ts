// Kinds whose elements are encoded into messages: JSON, structured clones, and codecs of the program's own.

import * as v8 from 'node:v8'
import type { Codec } from '../../index.js'
import { CrosscoreError, invalidArgument, tooLarge } from '../environment/errors.js'
import { bytesOver, emptyBuffer, lengthOf, parse, part, stringify } from '../environment/intrinsics.js'
import { HEADER } from '../layout/framed.js'
import { EncodedConsumer } from './encoded-consumer.js'
import { EncodedProducer } from './encoded-producer.js'
import type { Kind } from './kind.js'
import { decodePlain, encodePlain, isPlain } from './plain.js'

/** How values become messages: text, or bytes. */
export interface Encoding {
  /** For messages of errors. */
  readonly name: string
  /** A string, or bytes that stay as they are until the next call. `longest` is the most that fits into the ring. */
  readonly encode: (value: unknown, longest: number) => string | Uint8Array
  /** From what `encode` gave; the bytes are the value's own. */
  readonly decode: (encoded: string | Uint8Array<ArrayBuffer>) => unknown
}

const jsonEncoding: Encoding = {
  name: 'json',
  encode(value) {
    const text = stringify(value) as string | undefined
    if (text === undefined) throw invalidArgument('value', 'something that JSON can say', value)
    return text
  },
  decode: (encoded) => parse(encoded as string) as unknown,
}

const { DefaultSerializer, DefaultDeserializer } = v8
// As they are when the package is loaded.
const CloneError = DOMException
const ByteView = Uint8Array

const { _writeHostObject: writeHostObject } = DefaultSerializer.prototype as unknown as { _writeHostObject(view: ArrayBufferView): void }

/** Refuses what cannot be cloned as structuredClone does. */
class Serializer extends DefaultSerializer {
  // Node's name for what V8 calls when it meets something that cannot be cloned.
  _getDataCloneError(message: string): Error {
    return new CloneError(message, 'DataCloneError')
  }

  // And what it calls for each view. Its own answer to one whose memory was transferred is a TypeError.
  _writeHostObject(view: ArrayBufferView): void {
    try {
      bytesOver(view.buffer as ArrayBuffer)
    } catch {
      throw new CloneError('An ArrayBuffer is detached and could not be cloned.', 'DataCloneError')
    }
    writeHostObject.call(this, view)
  }
}

/** It is what `pop` gives when there is nothing: who waits for an element would lose it. */
const NOT_UNDEFINED = 'anything but undefined, which pop gives when there is nothing'

const valueEncoding: Encoding = {
  name: 'value',
  encode(value) {
    if (value === undefined) throw invalidArgument('value', NOT_UNDEFINED, value)
    const plain = encodePlain(value)
    if (plain !== undefined) return plain
    const serializer = new Serializer()
    serializer.writeHeader()
    serializer.writeValue(value)
    return serializer.releaseBuffer()
  },
  decode(encoded) {
    if (isPlain(encoded as Uint8Array)) return decodePlain(encoded as Uint8Array)
    const deserializer = new DefaultDeserializer(encoded as Uint8Array)
    deserializer.readHeader()
    return deserializer.readValue() as unknown
  },
}

/** Bun's node:v8 has the class, and throws when one is made. */
function checkSerializer(): void {
  try {
    new DefaultSerializer().writeHeader()
  } catch (cause) {
    const why = "this runtime has no v8.Serializer, which rings of 'value' need; 'json' and codecs do without it"
    throw new CrosscoreError('ERR_CROSSCORE_UNSUPPORTED', why, { cause })
  }
}

/** How the addon knows a codec of the program's own; it is told again at each claim. */
export const CODEC = 37
/** What a token says of it. */
export const CODEC_NAME = 'codec'

function row<K extends 'json' | 'value'>(of: K, code: number, encoding: Encoding, more: Pick<Kind, 'checkRuntime'> = {}): Kind<K> {
  const kind: Kind<K> = {
    id: of,
    of,
    code,
    schema: '',
    elementSize: 1,
    framed: true,
    least: 2 * HEADER,
    ...more,
    producer: (native) => new EncodedProducer<K>(native, kind, encoding),
    consumer: (native) => new EncodedConsumer<K>(native, kind, encoding),
  }
  return kind
}

/** Rows of the table of kinds. */
export const json = row('json', 35, jsonEncoding)
export const value = row('value', 36, valueEncoding, { checkRuntime: checkSerializer })

/** Whether it is a codec, by its shape. */
export function isCodec(of: unknown): of is Codec<unknown> {
  return (
    typeof of === 'object' &&
    of !== null &&
    typeof (of as Partial<Codec<unknown>>).encode === 'function' &&
    typeof (of as Partial<Codec<unknown>>).decode === 'function'
  )
}

/** The first room that a codec is given, in bytes. */
const FIRST_ROOM = 1024
/** Calls of `encode` for one value: with the room there is, with the room that it asked for, and once more. */
const MOST_TRIES = 3

/** A codec of the program's own. What it writes into is memory of its own, so that nothing that it keeps is the ring's. */
function encodingOf(codec: Codec<unknown>): Encoding {
  let scratch = bytesOver(emptyBuffer(FIRST_ROOM))
  return {
    name: 'codec',
    encode(value, longest) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const target = scratch
        const room = lengthOf(target)
        const length: unknown = codec.encode(value, target)
        if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) {
          throw invalidArgument('what encode returns', 'the length in bytes, 0 or more', length)
        }
        if (lengthOf(target) < room) {
          scratch = bytesOver(emptyBuffer(FIRST_ROOM))
          throw invalidArgument('encode', 'a function that writes as much as it returns, and leaves the target its memory', codec.encode)
        }
        if (length > longest) throw tooLarge('a value', length, longest)
        if (length <= room) return part(ByteView, target, 0, length) as Uint8Array
        scratch = bytesOver(emptyBuffer(Math.min(longest, Math.max(length, 2 * room))))
      }
      throw invalidArgument('encode', 'a function that writes as much as it returns into the target that it asked for', codec.encode)
    },
    decode(encoded) {
      const value = codec.decode(encoded as Uint8Array<ArrayBuffer>)
      if (value === undefined) throw invalidArgument('what decode returns', NOT_UNDEFINED, value)
      return value
    },
  }
}

const rows = new WeakMap<Codec<unknown>, Kind<Codec<unknown>>>()

/** The row of a codec. */
export function codecKind(codec: Codec<unknown>): Kind<Codec<unknown>> {
  let row = rows.get(codec)
  if (row === undefined) {
    const made: Kind<Codec<unknown>> = {
      id: 'codec',
      of: CODEC_NAME,
      given: codec,
      code: CODEC,
      schema: '',
      elementSize: 1,
      framed: true,
      least: 2 * HEADER,
      producer: (native) => new EncodedProducer<Codec<unknown>>(native, made, encodingOf(codec)),
      consumer: (native) => new EncodedConsumer<Codec<unknown>>(native, made, encodingOf(codec)),
    }
    rows.set(codec, made)
    row = made
  }
  return row
}
