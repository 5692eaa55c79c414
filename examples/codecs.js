// Values of the program's own encoding, from one thread to another: node examples/codecs.js
//
// A codec does not travel with a token, so both threads import it and the other end is claimed with it. Once with
// msgpackr, which takes any value, and once with protobufjs, whose messages have a schema that other languages share.

import assert from 'node:assert/strict'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Consumer, createRing } from 'crosscore'
import { pack, unpack } from 'msgpackr'
import protobuf from 'protobufjs'

const ORDERS = 20_000

/** @param {(value: any) => Uint8Array} toBytes @param {(bytes: Uint8Array) => any} decode */
function codec(toBytes, decode) {
  return {
    // What does not fit is asked for again with a target that is large enough.
    encode(value, target) {
      const bytes = toBytes(value)
      if (bytes.length <= target.length) target.set(bytes)
      return bytes.length
    },
    decode,
  }
}

const Order = protobuf
  .parse(
    `syntax = "proto3";
    message Order {
      uint32 id = 1;
      string user = 2;
      repeated string tags = 3;
      double total = 4;
    }`,
  )
  .root.lookupType('Order')

const codecs = {
  msgpackr: codec(pack, unpack),
  protobufjs: codec(
    (order) => Order.encode(order).finish(),
    (bytes) => Order.toObject(Order.decode(bytes)),
  ),
}

const orderAt = (id) => ({ id: id + 1, user: `üser ${id % 97}`, tags: ['new', `batch ${id % 8}`], total: id + 0.25 })

function* orders() {
  for (let id = 0; id < ORDERS; id++) yield orderAt(id)
}

if (isMainThread) {
  for (const [name, of] of Object.entries(codecs)) {
    const { producer, consumer } = createRing({ of, capacity: 1 << 16 })
    const worker = new Worker(new URL(import.meta.url), { workerData: { name, token: consumer.move() } })
    const answer = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    producer.pushManySync(orders())
    producer.close()
    console.log(`${name}: ${await answer} orders arrived, all as they were`)
  }
} else {
  const { name, token } = workerData
  let count = 0
  for await (const order of Consumer.from(token, { of: codecs[name] })) {
    assert.deepEqual(order, orderAt(count))
    count++
  }
  parentPort.postMessage(count)
}
