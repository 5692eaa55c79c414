// README's example of two workers, as a user may have written it: as an ES module, as CommonJS, as TypeScript.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../package-bin.mjs'

/** What the example prints. */
export const SUM = '500000500000'

/** { 'example.mjs': text, 'example.cjs': text, 'example.mts': text, 'example.cts': text } */
export function readmeExample() {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  const module = [...readme.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text).find((text) => text.includes('new Worker('))
  if (module === undefined || !module.includes(SUM)) throw new Error(`README.md has no example with workers that prints ${SUM}`)
  const [imports, body] = apart(module)
  const wrapped = `\n;(async () => {\n${body.replaceAll('new URL(import.meta.url)', '__filename')}})()\n`
  const required = imports.replace(/^import (\{.*?\}) from ('.*?')/gm, 'const $1 = require($2)')
  if (wrapped.includes('import.meta') || required.includes('import ')) throw new Error("README's example cannot be turned into CommonJS")
  return {
    'example.mjs': module,
    'example.cjs': required + wrapped,
    'example.mts': typed(module),
    'example.cts': typed(imports + wrapped),
  }
}

/** What somebody adds who writes the example in TypeScript: what the ring carries, and that a worker has a parent. */
const TYPES = [
  [/(?<=from 'crosscore'\n)/, "import type { ConsumerToken, ProducerToken } from 'crosscore'\n"],
  ['new Promise((resolve) => parentPort.once(', "new Promise<ProducerToken<'f64'> | ConsumerToken<'f64'>>((resolve) => parentPort!.once("],
  ['function write(producer)', "function write(producer: Producer<'f64'>)"],
  ['function read(consumer)', "function read(consumer: Consumer<'f64'>)"],
]

function typed(text) {
  return TYPES.reduce((before, [what, replacement]) => {
    const after = before.replace(what, replacement)
    if (after === before) throw new Error(`README's example has no ${what}: say here how it is written in TypeScript`)
    return after
  }, text)
}

function apart(module) {
  const lines = module.split('\n')
  const last = lines.findLastIndex((line) => line.startsWith('import '))
  return [`${lines.slice(0, last + 1).join('\n')}\n`, lines.slice(last + 1).join('\n')]
}
