// The kind of strings: any string of JavaScript, exactly.

import { HEADER } from '../layout/framed.js'
import type { Kind } from './kind.js'
import { StringConsumer } from './string-consumer.js'
import { StringProducer } from './string-producer.js'

/** A row of the table of kinds. */
export const string: Kind<'string'> = {
  id: 'string',
  of: 'string',
  code: 34,
  schema: '',
  elementSize: 1,
  framed: true,
  // A string of eight bytes.
  least: 2 * HEADER,
  producer: (native) => new StringProducer(native, string),
  consumer: (native) => new StringConsumer(native, string),
}
