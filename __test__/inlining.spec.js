// What stays out of its callers: the hot calls of a producer of records, so that the setters of fields come into a loop, and
// the long way of a push of a number, so that the push does. lib/kinds/record-producer.ts and numeric-producer.ts say why.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import test from 'ava'

/** V8's --max-inlined-bytecode-size. */
const LONGEST_INLINED = 460

const program = `
  import { createRing, record } from '${new URL('../index.js', import.meta.url)}'
  const { producer } = createRing({ of: record({ a: 'u8' }), capacity: 8 })
  producer.push({ a: 1 })
  producer.reserve(1)
  producer.commit()
  createRing({ of: 'f64', capacity: 8 }).producer.push(1)
`

/** Lengths of the bytecode of all functions of that name that a program has called. */
async function lengthsOf(name) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--print-bytecode', `--print-bytecode-filter=${name}`, '--input-type=module', '-e', program],
    { maxBuffer: 2 ** 26 },
  )
  return [...stdout.matchAll(/^Bytecode length: (\d+)$/gm)].map(([, length]) => Number(length))
}

for (const [what, name] of [
  ['push of a record', 'push'],
  ['reserve of records', 'reserve'],
  ['commit of a record', 'commit'],
  ['the long way of a number', '#pushLong'],
]) {
  test(`${what} is longer than what V8 inlines`, async (t) => {
    const lengths = await lengthsOf(name)
    t.true(Math.max(...lengths) > LONGEST_INLINED, `${lengths}`)
  })
}

test('what shows records is of one shape for V8, however many rings of a schema a thread has', async (t) => {
  const shapes = `
    import { createRing, record } from '${new URL('../index.js', import.meta.url)}'
    const schema = record({ a: 'u8', b: 'f64' })
    const batch = (of) => createRing({ of, capacity: 8 }).producer.reserve(1)
    const [first, second] = [batch(schema), batch(schema)]
    const other = batch(record({ b: 'f64' }))
    console.log(%HaveSameMap(first, second), %HasFastProperties(second), %HaveSameMap(first, other))
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--allow-natives-syntax', '--input-type=module', '-e', shapes])
  t.is(stdout, 'true true false\n')
})
