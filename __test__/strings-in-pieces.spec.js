// Rings of strings and JSON: whatever way V8 has a string on its heap, it arrives exactly. heap.rs in the addon reads them there.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import test from 'ava'
import { createRing, lane } from 'crosscore'
import { expressHits } from '../lib/native/addon.js'
import { memories as MEMORIES } from './memories.js'
import { onNode } from './runtime.js'

const CAPACITY = 16_384

/** Characters of every length in UTF-8, halves of pairs, and what would end a string of C. */
const PARTS = ['0123456789abcdef', 'Straße nach Übersee', '漢字かな交じり文', 'so far\ud83d', '\ude00 so good', '\ud800', '\udc00 alone', '\0', 'x', '', 'line\n'.repeat(30), 'Größe '.repeat(40), '語'.repeat(70)]
const part = (i) => PARTS[i % PARTS.length]
/** Flat, and not shared with anything. */
const flat = (text) => JSON.parse(JSON.stringify(text))

/** `i` parts, the next one added at the end. */
function added(count, i) {
  let text = ''
  for (let k = 0; k < count; k++) text += part(i + k) + k
  return text
}

/** The next one added at the start. */
function prefixed(count, i) {
  let text = ''
  for (let k = 0; k < count; k++) text = part(i + k) + k + text
  return text
}

/** A tree that is as deep on both sides. */
const balanced = (depth, i) => (depth === 0 ? part(i) + i : balanced(depth - 1, 2 * i) + balanced(depth - 1, 2 * i + 1))

const LONG = flat('0123456789'.repeat(200))
const LONG_WIDE = flat('0123456789'.repeat(200) + '漢')
const HIGH = flat(`${'a'.repeat(20)}\ud83d`)
const LOW = flat(`\ude00${'b'.repeat(20)}`)
const KINDS = {
  flat: (i) => flat(part(i) + i),
  'two parts': (i) => `${part(i)}${part(i * 7 + 3)}`,
  'three parts': (i) => `${part(i)}${part(i * 3 + 1)}${i}`,
  'parts of halves of a pair': (i) => `${HIGH}${LOW}${'b'.repeat(i % 20)}`,
  'added to the end': (i) => added(i % 40, i),
  'added to the start': (i) => prefixed(i % 20, i),
  balanced: (i) => balanced(i % 6, i),
  'many small parts': (i) => {
    let text = 'this is long enough'
    for (let k = 0; k < 1100; k++) text += k & 1 ? '-' : 'é'
    return text + i
  },
  'long parts': (i) => LONG.repeat(1 + (i % 3)) + i,
  'long parts, wide': (i) => LONG_WIDE + i + LONG,
  'put together before': (i) => {
    const text = `${part(i)} and ${part(i + 5)} together`
    text.charCodeAt(0)
    return text
  },
  slices: (i) => LONG.slice(i % 100, 150 + (i % 50)),
  'slices of wide ones': (i) => LONG_WIDE.slice(i % 100, 150 + (i % 50)),
  'slices with the wide character': (i) => LONG_WIDE.slice(1900 + (i % 80)),
  'slices of slices': (i) => LONG.slice(i % 100).slice(20, 90),
  'slices of what was in pieces': (i) => `${LONG}${i}${part(i)}`.slice(1950),
  'a slice and a part': (i) => LONG.slice(i % 100, 180) + part(i),
  'names of properties': (i) => {
    const text = `the name of a property ${i % 1000}`
    const object = { [text]: 1 }
    return object[text] === 1 ? text : ''
  },
  json: (i) => JSON.stringify({ i, text: part(i), list: [1, 2, 3], more: { a: null } }),
  joined: (i) => [part(i), part(i + 1), i].join(' '),
}

/** Pushes and pops in turn until V8 has compiled it; true if the express lane was taken. */
function until(round, seconds = 30) {
  const before = expressHits()
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    for (let i = 0; i < 200; i++) round(i)
    if (lane.name !== 'express') return true
    if (expressHits() - before > 2000) {
      for (let i = 0; i < 200; i++) round(i)
      return true
    }
  }
  return false
}

// Functions of their own for each case: V8 compiles each for what it gets.
const pushing = () => new Function('producer', 'make', 'first', 'count', 'for (let i = first; i < first + count; i++) if (!producer.push(make(i))) return i; return first + count')

for (const memory of MEMORIES) {
  for (const [name, make] of Object.entries(KINDS)) {
    // INV-NODE-14
    test(`${name} (${memory})`, (t) => {
      const { producer, consumer } = createRing({ of: 'string', capacity: CAPACITY, memory })
      const many = createRing({ of: 'string', capacity: CAPACITY, memory })
      const push = pushing()
      let sent = 0
      let got = 0
      let wrong
      const take = (text) => {
        if (text !== make(got)) wrong ??= { text, expected: make(got), got }
        got++
      }
      const taken = until((i) => {
        sent = push(producer, make, sent, 5)
        if (i & 1) consumer.drain(take)
        else for (let text = consumer.pop(); text !== undefined; text = consumer.pop()) take(text)
      })
      t.true(taken)
      t.is(wrong, undefined)
      t.is(got, sent)
      t.is(consumer.stats.received, got)
      t.is(producer.stats.sent, sent)

      got = 0
      t.true(
        until(() => {
          const list = [make(got), make(got + 1), make(got + 2)]
          const from = got
          many.producer.pushMany(list)
          many.consumer.popMany(5).forEach(take)
          if (got === from) wrong ??= 'nothing arrived'
        }),
      )
      t.is(wrong, undefined)
    })
  }
}

const mixed = (i) => (i % 4 === 3 ? `${'漢'.repeat(200)}${i}` : `${'a'.repeat(i % 300)}${'é'.repeat(i % 90)}${i}`)

// INV-NODE-14: nothing is lost where there is no room, and the longest that fits does.
test('strings in pieces fill a ring to its end, and are refused when it is full', (t) => {
  for (const memory of MEMORIES) {
    const { producer, consumer } = createRing({ of: 'string', capacity: 4096, memory })
    const push = pushing()
    let sent = 0
    let got = 0
    let refused = 0
    const taken = until(() => {
      const before = sent
      sent = push(producer, mixed, sent, 1000)
      if (sent - before < 1000) refused++
      for (let k = 0; k < 9; k++) {
        const text = consumer.pop()
        if (text === undefined) break
        if (text !== mixed(got)) t.is(text, mixed(got))
        got++
      }
    })
    t.true(taken)
    t.true(refused > 100)
    t.deepEqual(consumer.popMany(1000), Array.from({ length: sent - got }, (_, k) => mixed(got + k)))
    const longest = 'x'.repeat(2000) + 'y'.repeat(2088)
    t.true(producer.push(longest))
    t.is(consumer.pop(), longest)
    t.throws(() => producer.push(`${'x'.repeat(2000)}${'y'.repeat(2089)}`), { code: 'ERR_CROSSCORE_TOO_LARGE' })
    t.is(consumer.pop(), undefined)
  }
})

const listed = (i) => ({ i, text: part(i), list: Array.from({ length: i % 30 }, (_, k) => `entry ${k}`) })

test('JSON in pieces arrives', (t) => {
  const { producer, consumer } = createRing({ of: 'json', capacity: CAPACITY })
  let sent = 0
  let wrong = 0
  t.true(
    until(() => {
      producer.push(listed(sent))
      if (JSON.stringify(consumer.pop()) !== JSON.stringify(listed(sent))) wrong++
      sent++
      producer.pushMany([listed(sent), listed(sent + 1)])
      for (const value of consumer.popMany(3)) if (JSON.stringify(value) !== JSON.stringify(listed(sent++))) wrong++
    }),
  )
  t.is(wrong, 0)
})

// What V8 moves, and what lies outside of its heap. INV-NODE-14.
for (const flag of ['--stress-compaction', '--gc-interval=100', '--expose-externalize-string', '--single-threaded-gc', '--shared-string-table']) {
  onNode(`with ${flag} the same comes out`, async (t) => {
    const program = `
      import { createRing } from 'crosscore'
      const { producer, consumer } = createRing({ of: 'string', capacity: 1 << 16 })
      const outside = globalThis.externalizeString ?? ((text) => text)
      const kept = Array.from({ length: 100 }, (_, i) => 'some text that lives on, number ' + i + ' ' + '漢é'[i % 2].repeat(i))
      for (const text of kept) { text.charCodeAt(0); try { outside(text) } catch {} }
      let wrong = 0
      for (let i = 0; i < 60_000; i++) {
        const garbage = i % 10 === 0 ? Array.from({ length: 100 }, (_, k) => i + k) : []
        producer.push(kept[i % 100] + garbage.length + i)
        producer.push(kept[i % 100])
        if (consumer.pop() !== kept[i % 100] + garbage.length + i) wrong++
        if (consumer.pop() !== kept[i % 100]) wrong++
      }
      console.log(wrong)`
    const { stdout } = await promisify(execFile)(process.execPath, [flag, '--input-type=module', '-e', program], { cwd: new URL('..', import.meta.url) })
    t.is(stdout.trim(), '0')
  })
}
