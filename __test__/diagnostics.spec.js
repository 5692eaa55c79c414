// What tools can watch: diagnostics channels, console.log, errors that travel, the lane.

import test from 'ava'
import diagnostics from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { Consumer, createRing, CrosscoreError, lane } from 'crosscore'

/** What is published on a channel while `act` runs. */
function heard(name, act) {
  const messages = []
  const listener = (message, channel) => messages.push({ channel, ...message })
  diagnostics.subscribe(`crosscore:${name}`, listener)
  try {
    act()
  } finally {
    diagnostics.unsubscribe(`crosscore:${name}`, listener)
  }
  return messages
}

test.serial('a ring that is made, a token that is claimed and a side that closes are told of', (t) => {
  let ring
  t.deepEqual(
    heard('ring', () => (ring = createRing({ of: 'u16', capacity: 100, memory: 'heap' }))),
    [{ channel: 'crosscore:ring', of: 'u16', capacity: 128, memory: 'heap' }],
  )
  let consumer
  t.deepEqual(
    heard('claim', () => (consumer = Consumer.from(ring.consumer.move()))),
    [{ channel: 'crosscore:claim', side: 'consumer', of: 'u16' }],
  )
  const reason = new Error('enough')
  t.deepEqual(
    heard('close', () => {
      ring.producer.close(reason)
      ring.producer.close()
      consumer.close()
    }),
    [
      { channel: 'crosscore:close', side: 'producer', of: 'u16', reason },
      { channel: 'crosscore:close', side: 'consumer', of: 'u16', reason: undefined },
    ],
  )
})

test.serial('what is corrupt is told of with its error', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 64, memory: 'heap' })
  const view = producer.reserve(8)
  producer.commit()
  new Uint32Array(view.buffer)[0] = 0xffffffff
  let error
  const [message] = heard('corrupt', () => (error = t.throws(() => consumer.pop(), { code: 'ERR_CROSSCORE_CORRUPT' })))
  t.is(message.error, error)
})

test.serial('nobody has to listen', (t) => {
  for (const name of ['ring', 'claim', 'close', 'corrupt']) t.false(diagnostics.hasSubscribers(`crosscore:${name}`))
})

test('an error keeps what a structured clone lets it keep: message, cause, and its name and code in the stack', (t) => {
  const cause = new Error('why')
  const error = new CrosscoreError('ERR_CROSSCORE_BUSY', 'mine', { cause })
  t.is(error.stack.split('\n')[0], 'CrosscoreError [ERR_CROSSCORE_BUSY]: mine')
  t.true(error.stack.split('\n')[1].includes('diagnostics.spec.js'), 'the stack begins with who made it')
  t.is(error.name, 'CrosscoreError')
  t.deepEqual(Object.keys(error), ['code'])
  t.is(`${error}`, 'CrosscoreError: mine')
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(error)
  for (const copy of [structuredClone(error), receiveMessageOnPort(port2).message]) {
    t.true(copy instanceof Error)
    t.is(copy.message, 'mine')
    t.is(copy.cause.message, 'why')
    t.true(copy.stack.startsWith('CrosscoreError [ERR_CROSSCORE_BUSY]: mine'))
  }
  port1.close()
})

test('console.log of a ring of messages says that it counts bytes', (t) => {
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 256, memory: 'heap', publish: 'tick' })
  producer.push(new Uint8Array(9))
  t.is(inspect(producer), "Producer<bytes> { state: 'open', filled: 24, capacity: 256, memory: 'heap' } (in bytes)")
  t.is(inspect(consumer), "Consumer<bytes> { state: 'open', filled: 0, capacity: 256, memory: 'heap' } (in bytes)", 'showing publishes nothing')
})

test('the lane says which it is and why', (t) => {
  t.true(['express', 'node-api'].includes(lane.name))
  t.true(lane.reason.length > 0)
})
