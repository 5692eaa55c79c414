// npm run build:all [-- TARGET…]
// The addon for every platform that has a package, or for these, on one x86-64 Linux machine: into target/binaries, with
// sizes, imports and the lowest system that each runs on. Fails if one of them asks for more than is promised.

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { binaryFloor, printFloors } from './binary-floor.mjs'
import { crossBuild } from './cross-builds.mjs'
import { root } from './package-bin.mjs'
import { platforms } from './platforms.mjs'
import { replaceFile } from './replace-file.mjs'

const folder = path.join(root, 'target', 'binaries')
const all = await platforms()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((word) => !all.some(({ target, name }) => word === target || word === name))
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}; there are: ${all.map(({ target }) => target).join(', ')}`)
  process.exit(2)
}

mkdirSync(folder, { recursive: true })
const results = []
for (const { target, name } of all) {
  if (wanted.length > 0 && !wanted.includes(target) && !wanted.includes(name)) continue
  const started = performance.now()
  const library = await crossBuild(target)
  const file = path.join(folder, `crosscore.${name}.node`)
  replaceFile(library, file)
  console.log(`build:all: ${target} took ${((performance.now() - started) / 1000).toFixed(0)} s`)
  results.push(await binaryFloor(file))
}
if (printFloors(results) > 0) process.exitCode = 1
