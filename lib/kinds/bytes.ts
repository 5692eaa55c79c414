// The kind of messages: bytes of any length.

import { HEADER } from '../layout/framed.js'
import { BytesConsumer } from './bytes-consumer.js'
import { BytesProducer } from './bytes-producer.js'
import type { Kind } from './kind.js'

/** A row of the table of kinds. */
export const bytes: Kind<'bytes'> = {
  id: 'bytes',
  of: 'bytes',
  code: 32,
  schema: '',
  elementSize: 1,
  framed: true,
  // A message of eight bytes.
  least: 2 * HEADER,
  producer: (native) => new BytesProducer(native, bytes),
  consumer: (native) => new BytesConsumer(native, bytes),
}
