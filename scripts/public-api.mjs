// node scripts/public-api.mjs [--check]
//
// Writes crates/crosscore/public-api.txt: everything that a program can name in the crate, with all features, a line
// each. With --check it fails when the list is out of date, and shows what has come and what has gone.
//
// A line that goes, or changes, breaks somebody's program: it takes a new minor version before 1.0 and a new major one
// after it. A line that comes takes a new patch, or minor, version. Committing the new list says that this was meant.
//
// It takes cargo-public-api 0.52 and a nightly rustdoc, whose JSON it reads:
//
//   cargo install cargo-public-api --locked --version 0.52.0

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'

const DOCUMENT = 'crates/crosscore/public-api.txt'

const { output } = await mustRun(
  'listing the public surface',
  // Without what the compiler implements by itself, and what is derived: it follows from the rest.
  ['cargo', 'public-api', '-p', 'crosscore', '--all-features', '-sss', '--color=never'],
  {
    // Its own folder: another compiler would rebuild everything in the ordinary one each time.
    env: { RUSTUP_TOOLCHAIN: process.env.CROSSCORE_NIGHTLY ?? 'nightly', CARGO_TARGET_DIR: path.join(root, 'target', 'public-api') },
  },
)
const list = output.split('\n').filter((line) => /^(?:pub|impl|#\[)/.test(line))
if (list.length < 200) throw new Error(`only ${list.length} items: cargo public-api says\n${output}`)

const file = path.join(root, DOCUMENT)
if (process.argv.includes('--check')) {
  const known = readFileSync(file, 'utf8').trimEnd().split('\n')
  const gone = known.filter((line) => !list.includes(line))
  const come = list.filter((line) => !known.includes(line))
  for (const line of gone) console.log(`- ${line}`)
  for (const line of come) console.log(`+ ${line}`)
  if (gone.length + come.length > 0) {
    console.error(`${DOCUMENT}: ${gone.length} gone, ${come.length} come; if that is meant: node scripts/public-api.mjs`)
    process.exitCode = 1
  } else console.log(`${list.length} items, as in ${DOCUMENT}`)
} else {
  writeFileSync(file, `${list.join('\n')}\n`)
  console.log(`${list.length} items in ${DOCUMENT}`)
}
