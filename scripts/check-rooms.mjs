// What the rooms of lib/ may import: CONTRIBUTING.md has the table. Types of the public surface (index.ts) are everybody's.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'

/** Each room, and the others that it may import from. Whatever is not here may not be imported. */
const ROOMS = {
  native: [],
  environment: ['native'],
  layout: ['native', 'environment'],
  adapters: ['environment'],
  handle: ['native', 'environment', 'adapters'],
  kinds: ['native', 'environment', 'layout', 'handle'],
  patterns: ['native', 'environment', 'adapters', 'handle', 'kinds'],
}

/** Only this room may load the addon. */
const ADDON = { room: 'native', file: 'native.js' }

const lib = path.join(root, 'lib')
const problems = []
for (const room of readdirSync(lib, { withFileTypes: true })) {
  const where = `lib/${room.name}`
  if (!room.isDirectory()) {
    if (room.name.endsWith('.ts')) problems.push(`${where}: no file of lib/ is outside a room`)
    continue
  }
  if (!(room.name in ROOMS)) problems.push(`${where}: there is no such room in scripts/check-rooms.mjs`)
  for (const file of readdirSync(path.join(lib, room.name))) {
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) continue
    const text = readFileSync(path.join(lib, room.name, file), 'utf8')
    for (const [statement, from] of text.matchAll(/^(?:import|export)\b[^'"]*?from '(\.[^']*)'/gm)) {
      check(`${where}/${file}`, room.name, statement, path.normalize(path.join('lib', room.name, from)))
    }
    for (const [, from] of text.matchAll(/\bimport\('(\.[^']*)'\)/g)) check(`${where}/${file}`, room.name, '', path.normalize(path.join('lib', room.name, from)))
  }
}

function check(file, room, statement, target) {
  if (target === 'index.js') {
    if (!/^(?:import|export) type\b/.test(statement)) problems.push(`${file}: of index.ts it may import types only`)
    return
  }
  if (target === ADDON.file) {
    if (room !== ADDON.room) problems.push(`${file}: only lib/${ADDON.room} loads the addon`)
    return
  }
  const [, other] = target.split(path.sep)
  if (other !== room && !ROOMS[room]?.includes(other)) problems.push(`${file}: lib/${room} may not import ${target}`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
else console.log('lib/: every room imports what it may')
