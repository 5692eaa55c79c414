// The ES module and the CommonJS build at once in one thread: two copies of the JavaScript over one addon.
import assert from 'node:assert'
import { createRequire } from 'node:module'
import * as imported from 'crosscore'

const required = createRequire(import.meta.url)('crosscore')
assert.notEqual(required.createRing, imported.createRing, 'these are one module: nothing was tested')
for (const of of ['f64', 'bytes']) {
  const value = (n) => (of === 'bytes' ? new Uint8Array(8).fill(n) : n)
  for (const [from, to] of [
    [imported, required],
    [required, imported],
  ]) {
    const { producer, consumer } = from.createRing({ of, capacity: 4096 })
    producer.push(value(1))
    const theirs = to.Consumer.from(consumer.move())
    for (let n = 2; n < 200; n++) {
      producer.push(value(n))
      assert.deepEqual(theirs.pop(), value(n - 1))
    }
    producer.close()
    assert.deepEqual(theirs.pop(), value(199))
    assert.equal(await theirs.ready(), false)
  }
}
console.log('one')
