// node scripts/spec-matrix.mjs [--check]
//
// Writes docs/MATRIX.md: for each invariant of SPEC.md the files that rely on it, the tests that hold
// it and the assertions of debug builds, as their comments say. Fails when an id is cited and not
// defined, relied on nowhere, or held by no test; with --check also when the document is out of date.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './package-bin.mjs'
import { ruleFaults } from './source-rules.mjs'

const SPEC = 'crates/crosscore/SPEC.md'
const DOCUMENT = 'docs/MATRIX.md'
const ID = /\bINV-[A-Z]+-\d+\b/g

const HEAD = `# Invariants, and what holds them

Made by \`node scripts/spec-matrix.mjs\` from the comments of the sources and the tests; do not edit. What the invariants say is in
[\`SPEC.md\`](../${SPEC}).
`

/** The ids in a text, each once. */
const ids = (text) => new Set(text.match(ID))

const isSource = (file) => /^(crates\/crosscore(-node|-napi)?\/src|lib)\/|^index\.ts$/.test(file)
const isForbiddenProgram = (file) => file.includes('/tests/compile_fail/')
const isTest = (file) => /^(crates\/crosscore\/tests|__test__)\//.test(file)

/** How a test begins, with its name: a function, one that a macro makes of a line, a call with a title. */
const TEST = {
  '.rs': /^\s*(?:(?:async )?fn (\w+)\(\)(?: -> .+)?(?: \{)?|(\w+_\w+): .*;)$/,
  '.js': /^\s*(?:test(?:\.\w+)?|[a-z]\w+)\((['"`])(?<title>.+)\1, (?:async )?\(t\b/,
}

/** Whether the line with this number begins a test, and of what name. */
function testAt(file, lines, number) {
  const match = TEST[path.extname(file)]?.exec(lines[number])
  if (!match) return undefined
  if (match.groups?.title) return match.groups.title
  const [, called, made] = match
  if (made) return made
  // A function is a test by its attributes.
  for (let above = number - 1; lines[above]?.trim().startsWith('#'); above -= 1) {
    if (/#\[(\w+::)*test\b/.test(lines[above])) return called
  }
  return undefined
}

/** Whether a comment above the line is no comment of the test below it. A loop of tests is. */
const isCode = (line) => line.trim() !== '' && !isComment(line) && !/^\s*(#|for \(|if \()/.test(line)

const isComment = (line) => /^\s*(\/\/|\*|\/\*)/.test(line)

/** Where the tests of a Rust source begin. */
export function testsBegin(lines) {
  const at = lines.findIndex((line) => /^#\[cfg\((test\)|all\(test)/.test(line))
  return at < 0 ? lines.length : at
}

/** Which ids a file relies on, which of its tests hold which, and which it asserts. */
function citations(file, text) {
  const lines = text.split('\n')
  const relied = new Set()
  const asserted = new Set()
  const held = []
  if (isForbiddenProgram(file)) {
    for (const id of ids(text)) held.push({ id, name: undefined })
    return { relied, asserted, held }
  }
  const first = isSource(file) ? testsBegin(lines) : 0
  if (isSource(file)) {
    for (const line of lines.slice(0, first)) for (const id of ids(line.split('//').slice(1).join())) relied.add(id)
    if (file.endsWith('.ts')) for (const id of ids(text)) relied.add(id)
    lines.slice(0, first).forEach((line, number) => {
      if (!/^\s*debug_assert/.test(line)) return
      let above = number
      while (isComment(lines[above - 1] ?? '')) above -= 1
      const comment = lines.slice(above, number).join('\n')
      for (const id of ids(comment.includes('SAFETY:') ? line : comment + line)) asserted.add(id)
    })
  }
  // A comment above a test is of that test. So is one inside, unless it justifies an `unsafe`.
  let above = new Set()
  let inside
  let justifies = false
  for (let number = first; number < lines.length; number += 1) {
    const line = lines[number]
    const indent = line.search(/\S/)
    const name = testAt(file, lines, number)
    justifies = isComment(line) && (justifies || line.includes('SAFETY:'))
    if (name !== undefined) {
      inside = line.endsWith(';') ? undefined : { name, indent }
      for (const id of above) held.push({ id, name })
      above = new Set()
    } else if (inside && indent === inside.indent && line[indent] === '}') {
      inside = undefined
    } else if (!inside && isCode(line)) {
      above = new Set()
    } else if (!justifies) {
      for (const id of ids(line)) {
        if (inside) held.push({ id, name: inside.name })
        else above.add(id)
      }
    }
  }
  return { relied, asserted, held }
}

/** The matrix of the files, a map of paths to texts, and what is wrong with it. */
export function matrixOf(files) {
  const rows = new Map()
  const faults = []
  for (const [, id] of files.get(SPEC).matchAll(/^- \*\*([^*]+)\*\*/gm)) {
    if (id.replace(ID, '') !== '') faults.push(`${SPEC}: ${id} is no id`)
    if (rows.has(id)) faults.push(`${SPEC}: ${id} is defined twice`)
    rows.set(id, { relied: [], held: new Map(), asserted: [] })
  }
  for (const [file, text] of files) {
    for (const id of ids(text)) if (!rows.has(id)) faults.push(`${file}: ${id} is not defined`)
    if (!isSource(file) && !isTest(file)) continue
    const { relied, asserted, held } = citations(file, text)
    for (const id of relied) rows.get(id)?.relied.push(file)
    for (const id of asserted) rows.get(id)?.asserted.push(file)
    for (const { id, name } of held) {
      const row = rows.get(id)
      if (!row) continue
      if (!row.held.has(file)) row.held.set(file, new Set())
      if (name) row.held.get(file).add(name)
    }
  }
  for (const [id, { relied, held }] of rows) {
    if (relied.length === 0) faults.push(`${id}: no source relies on it`)
    if (held.size === 0) faults.push(`${id}: no test holds it`)
  }
  return { rows, faults }
}

const code = (text) => `\`${text}\``
const list = (title, files) => (files.length > 0 ? [`- ${title} ${files.map(code).join(', ')}`] : [])

/** One invariant of the document. */
const section = ([id, { relied, held, asserted }]) => [
  `\n## ${id}\n`,
  ...list('relied on in', relied),
  ...list('asserted in', asserted),
  ...[...held].map(([file, names]) => `- held by ${[code(file), [...names].map(code).join(', ')].filter(Boolean).join(': ')}`),
]

/** The matrix as the document shows it. */
export function documentOf(rows) {
  return `${HEAD}${[...rows].flatMap(section).join('\n')}\n`
}

/** Every file that may cite an invariant. */
function readFiles() {
  const folders = ['crates', 'lib', '__test__', 'fuzz/targets', 'proofs', 'docs', 'scripts']
  const names = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true }).map((name) => path.posix.join(folder, name.replaceAll('\\', '/'))),
  )
  const wanted = [...names.toSorted(), 'index.ts', 'README.md'].filter(
    (file) =>
      (/\.(rs|pml|md|mjs)$/.test(file) || /^(lib\/.*|index)(?<!\.d)\.ts$/.test(file) || /^__test__\/.*\.js$/.test(file)) &&
      // It cites ids that are not there, to show that they are found.
      !/\/target\/|spec-matrix\.spec/.test(file) &&
      file !== DOCUMENT,
  )
  return new Map(wanted.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]))
}

function main(check) {
  const files = readFiles()
  const { rows, faults } = matrixOf(files)
  faults.push(...ruleFaults(files))
  const text = documentOf(rows)
  if (!check) {
    writeFileSync(path.join(root, DOCUMENT), text)
  } else if (readFileSync(path.join(root, DOCUMENT), 'utf8') !== text) {
    faults.push(`${DOCUMENT} is out of date: node scripts/spec-matrix.mjs`)
  }
  for (const fault of faults) console.error(fault)
  console.log(`${rows.size} invariants, ${faults.length} faults`)
  if (faults.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'))
