// Two installations of the package in one tree, and a handle that goes from the one to the other.
import assert from 'node:assert'
import * as one from 'crosscore'
import * as other from 'crosscore-again'

assert.notEqual(one.createRing, other.createRing, 'these are one module: nothing was tested')
const { producer, consumer } = one.createRing({ of: 'f64', capacity: 64 })
producer.push(1.5)
assert.equal(other.Consumer.from(consumer.move()).pop(), 1.5)
console.log('one')
