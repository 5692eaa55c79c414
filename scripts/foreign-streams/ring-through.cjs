// Loaded before a foreign suite: through2() without a function, a stream that gives what it was written, is a ring.

const Module = require('node:module')
const path = require('node:path')
const { Duplex } = require('node:stream')
const { createRing } = require(path.join(__dirname, '..', '..', 'index.js'))

let rings = 0

function throughRing(options) {
  rings++
  const { producer, consumer } = createRing({ of: 'bytes', capacity: 65_536 })
  return Duplex.from({ writable: producer.toWritable(options), readable: consumer.toReadable(options) })
}

const load = Module.prototype.require
Module.prototype.require = function (request) {
  const loaded = load.call(this, request)
  // Some tests leave streams open at their end, which would wait for ever.
  if (request === 'tape') loaded.onFinish(() => process.exit())
  if (request !== 'through2') return loaded
  const replaced = (options, transform, flush) =>
    typeof options === 'function' || transform || flush ? loaded(options, transform, flush) : throughRing(options)
  return Object.assign(replaced, loaded)
}

process.on('exit', () => console.log(`# rings ${rings}`))
