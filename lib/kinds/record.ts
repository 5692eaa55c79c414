// The kind of records: a row of the table for each schema.

import type { AnySchema } from '../../index.js'
import type { Kind } from './kind.js'
import { RecordConsumer } from './record-consumer.js'
import { RecordProducer } from './record-producer.js'
import { parseSchema, type RecordSchema, schemaDifference } from './record-schema.js'

/** How the addon knows records. */
export const RECORD = 33

const rows = new WeakMap<RecordSchema, Kind<AnySchema>>()

export function recordKind(schema: RecordSchema): Kind<AnySchema> {
  let row = rows.get(schema)
  if (row === undefined) {
    const made: Kind<AnySchema> = {
      id: 'record',
      of: `record${schema}`,
      given: schema,
      code: RECORD,
      schema: schema.toString(),
      elementSize: schema.size,
      framed: false,
      least: schema.size,
      producer: (native) => new RecordProducer(native, made, schema),
      consumer: (native) => new RecordConsumer(native, made, schema),
    }
    rows.set(schema, made)
    row = made
  }
  return row
}

/** In what the schemas of two records differ. */
export function recordDifference(here: string, ring: string): string {
  return schemaDifference(parseSchema(here), parseSchema(ring)) ?? 'nothing'
}

/** The schema that a token's `of` names; undefined if it names no records. */
export function recordOf(of: unknown): RecordSchema | undefined {
  return typeof of === 'string' && of.startsWith('record{') ? parseSchema(of.slice('record'.length)) : undefined
}
