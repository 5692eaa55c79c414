// Two copies of the package in one process, as package managers, test runners and bundlers make them.

import test from 'ava'
import { cpSync, linkSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as here from 'crosscore'
import { refuses } from './refusal.js'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Another copy of the JavaScript; of the addon too, or with the same file. */
async function copyOf(t, { addon }) {
  // On the file system of the addon, so that it can be linked.
  const parent = addon === 'linked' ? path.join(root, 'node_modules') : tmpdir()
  const folder = mkdtempSync(path.join(parent, '.crosscore-copy-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const file of ['index.js', 'native.js', 'package.json', 'lib']) cpSync(path.join(root, file), path.join(folder, file), { recursive: true })
  const loaded = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
  const addons = loaded ? [loaded] : readdirSync(root).filter((file) => file.endsWith('.node')).map((file) => path.join(root, file))
  for (const file of addons) {
    const to = path.join(folder, path.basename(file))
    if (addon === 'linked') linkSync(file, to)
    else cpSync(file, to)
  }
  return import(pathToFileURL(path.join(folder, 'index.js')).href)
}

// INV-JS-4
test.serial('two copies of the JavaScript over one addon see one truth', async (t) => {
  const there = await copyOf(t, { addon: 'linked' })
  t.not(there.createRing, here.createRing)
  for (const publish of ['each', 'tick', 100]) {
    for (const [from, to] of [[here, there], [there, here]]) {
      const { producer, consumer } = from.createRing({ of: 'f64', capacity: 64, publish })
      const claimed = to.Consumer.from(consumer.move())
      // An empty poll, a wait and the end of the turn pay what a handle of the other copy owes.
      producer.push(1)
      t.is(claimed.pop(), 1)
      producer.push(2)
      t.is(claimed.popSync({ timeout: 1000 }), 2)
      producer.push(3)
      t.true(await claimed.ready())
      t.is(claimed.pop(), 3)
      producer.push(4)
      await turn()
      t.is(claimed.available, 1)
      const waiting = producer.flushed()
      t.is(claimed.popMany(2).length, 1)
      t.true(await waiting)
      producer.close(new Error('enough'))
      t.is(claimed.reason.message, 'enough')
    }
  }
})

// INV-JS-8
test.serial('both handles of a ring share one ArrayBuffer, whichever copy they are of', async (t) => {
  const there = await copyOf(t, { addon: 'linked' })
  const { producer, consumer } = here.createRing({ of: 'f64', capacity: 64 })
  const claimed = there.Consumer.from(consumer.move())
  const block = producer.reserve(1)
  t.is(claimed.peek().buffer, block.buffer)
})

const forged = (text) => ({ [Symbol.for('crosscore.schema')]: text })

test.serial('a schema that another copy has made is taken, and so are its fields', async (t) => {
  const there = await copyOf(t, { addon: 'linked' })
  const point = there.record({ x: 'f64', y: 'f64' })
  const schema = there.record({ id: 'u32', name: there.bytes(4), at: point, path: there.array(point, 2), levels: there.array('u16', 3) })
  const mixed = here.record({ id: 'u32', name: there.bytes(4), at: point, path: here.array(point, 2), levels: there.array('u16', 3) })
  t.is(String(mixed), String(schema))
  const { producer, consumer } = here.createRing({ of: schema, capacity: 4 })
  const value = { id: 1, name: Uint8Array.of(1, 2, 3, 4), at: { x: 1, y: 2 }, path: [{ x: 3, y: 4 }, { x: 5, y: 6 }], levels: Uint16Array.of(7, 8, 9) }
  producer.push(value)
  const token = consumer.move()
  refuses(t, 'TOKEN', () => here.Consumer.from(token, { of: there.record({ id: 'u64' }) }), /id is u64 here and u32 in the ring/)
  t.deepEqual(there.Consumer.from(token, { of: mixed }).pop(), value)
  // Nobody else's objects are schemas by what they say of themselves.
  for (const text of ['{', '{"a":u7}', '{"a":bytes(0)}', '{"a":u8}x']) t.throws(() => here.createRing({ of: forged(text), capacity: 4 }))
  for (const text of ['u7', 'u8},{', 'bytes(-1)', 'bytes(4),"b":u8']) t.throws(() => here.record({ a: forged(text) }), undefined, text)
})

// With NAPI_RS_NATIVE_LIBRARY_PATH every copy loads the one addon that it names.
const alone = process.env.NAPI_RS_NATIVE_LIBRARY_PATH ? test.skip : test.serial

alone('a token of another copy of the addon is refused as that, and still works at home', async (t) => {
  const there = await copyOf(t, { addon: 'copied' })
  const { producer, consumer } = here.createRing({ of: 'f64', capacity: 16 })
  producer.push(5)
  const token = consumer.move()
  const error = t.throws(() => there.Consumer.from(token), { code: 'ERR_CROSSCORE_TOKEN', message: /another copy of the package/ })
  t.true(error instanceof there.CrosscoreError)
  t.false(there.Consumer.from === here.Consumer.from)
  t.is(here.Consumer.from(token).pop(), 5)
})

test('a token of another format or process is refused as that', (t) => {
  const { producer } = here.createRing({ of: 'f64', capacity: 16 })
  const token = producer.move()
  for (const origin of ['', '0', `${token.origin}0`, token.origin.slice(1)]) refuses(t, 'TOKEN', () => here.Producer.from({ ...token, origin }))
  for (const origin of [undefined, null, 1, {}]) refuses(t, 'TOKEN', () => here.Producer.from({ ...token, origin }), /as its move\(\) returned it/)
  t.true(here.Producer.from(token).push(1))
})

test('require and import give one package', (t) => {
  t.is(createRequire(import.meta.url)('crosscore').createRing, here.createRing)
})
