// Remotes are typed by the interface of the other end.

import type { Readable, Writable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { createDuplex, createRing, Duplex, merge, rpc, spread, type DuplexToken, type Remote } from 'crosscore'

interface Api {
  add(a: number, b: number): number
  load(name: string, signal: AbortSignal): Promise<Uint8Array>
  lines(): AsyncGenerator<string>
  rows(): Promise<AsyncIterable<{ id: number }>>
  version: string
}

const [here, there] = createDuplex({ of: 'bytes', capacity: 4096 })
there.move() satisfies DuplexToken<'bytes'>
Duplex.from(there.move()) satisfies Duplex<'bytes'>
const { remote, with: when } = rpc<Api>(here)

remote.add(1, 2) satisfies Promise<number>
remote.load('x', AbortSignal.abort()) satisfies Promise<Uint8Array>
when({ timeout: 5, signal: undefined }).add(1, 2) satisfies Promise<number>
async function read(api: Remote<Api>): Promise<void> {
  for await (const line of api.lines()) line satisfies string
  for await (const row of api.rows()) row.id satisfies number
  const iterator = await api.lines()
  const { value } = await iterator.next()
  value satisfies string
}

// @ts-expect-error arguments are checked
remote.add('1', 2)
// @ts-expect-error there is no such method
remote.subtract(1, 2)
// @ts-expect-error what is no method is not there
remote.version
// @ts-expect-error an answer is a promise
remote.add(1, 2) satisfies number
// @ts-expect-error only bytes carry calls
rpc(createDuplex({ of: 'f64', capacity: 4 })[0])
// @ts-expect-error an endpoint is no token
Duplex.from(here)
// @ts-expect-error endpoints come from createDuplex and from tokens
const made = new Duplex()

// ---- streams, merge, spread -----------------------------------------------------------------------

const { producer, consumer } = createRing({ of: 'f64', capacity: 4 })
producer.toWritable({ highWaterMark: 5, signal: AbortSignal.abort() }) satisfies Writable
consumer.toReadable() satisfies Readable
consumer.toReadableStream({ highWaterMark: 2 }) satisfies ReadableStream<number>
// @ts-expect-error there is no such option
producer.toWritable({ write() {} })

const merged = merge([consumer])
merged.pop() satisfies number | undefined
const out = spread([producer], { by: (value) => value % 2 })
out.push(1) satisfies boolean
out.send(1) satisfies Promise<unknown>
// @ts-expect-error an element of another kind
out.push(1n)
// @ts-expect-error there is no such way
spread([producer], { by: 'random' })
