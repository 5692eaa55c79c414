// npm run test:fuzz [-- --seconds N | --quick | --merge] [names of targets]
//
// libFuzzer on fuzz/targets under AddressSanitizer: bytes that it varies by what code they reach, decoded into
// operations. It starts from the committed corpus, fuzz/corpus/<target>, and shares the time among the targets
// (300 s if nothing is said, 20 s and one mutant each with --quick). Then the same targets, from nothing, on copies
// of the sources with a mistake in them, which each has to find in its share, or its silence would say nothing.
// --merge: afterwards, the smallest set of inputs that reaches what all of them reach becomes the committed corpus.
//
// cargo-fuzz needs a nightly compiler and does no more than this: it passes these flags. RUSTC_BOOTSTRAP lets a
// stable one take -Zsanitizer. x86-64 Linux.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { mustRun, run } from './processes.mjs'

const triple = 'x86_64-unknown-linux-gnu'
const folder = path.join(root, 'target', 'fuzz')
/** Bytes of an input, about a hundred operations: longer ones are slower and reach nothing else. */
const LONGEST = 512

const heap = 'crates/crosscore-node/src/express/heap.rs'
const views = 'crates/crosscore-node/src/express/views.rs'
const text = 'crates/crosscore-node/src/text.rs'

const targets = [
  {
    name: 'ring',
    mutants: [
      {
        name: 'a run that goes one slot past the end of the buffer',
        patches: [
          [
            'crates/crosscore/src/cursors.rs',
            'self.span - (grant.position & self.mask)',
            'self.span - (grant.position & self.mask) + 1',
          ],
        ],
      },
      {
        name: 'a drain that counts an element after it has handed it out',
        patches: [
          [
            'crates/crosscore/src/drain.rs',
            'release.head = release.head.wrapping_add(1);\n                // SAFETY: INV-MEM-2: the run is contiguous from `first` on.\n                f(unsafe { first.add(index) })?;',
            'f(unsafe { first.add(index) })?;\n                release.head = release.head.wrapping_add(1);',
          ],
        ],
      },
    ],
  },
  {
    name: 'crossings',
    mutants: [
      {
        name: 'a count of bytes that is believed',
        patches: [['crates/crosscore-node/src/consumer.rs', 'bytes > consumer.cached_available() &&', 'bytes > usize::MAX / 2 &&']],
      },
      {
        name: 'a number that is pushed where the producer stops',
        patches: [['crates/crosscore-node/src/numbers.rs', 'control.stops_at(next) || ', '']],
      },
      {
        name: 'a number that is pushed without room',
        patches: [['crates/crosscore-node/src/numbers.rs', 'if bytes > free {', 'if bytes > free + 8 {']],
      },
    ],
  },
  {
    name: 'strings',
    mutants: [
      {
        name: 'a slice that is longer than what it is of',
        patches: [[heap, 'from + length <= string.length()', 'from <= string.length()']],
      },
      {
        name: 'a last word that is read beyond the bytes',
        patches: [[heap, 'copy_word(last);', 'copy_word(last + 1);']],
      },
      {
        name: 'an offset of sliced strings that is elsewhere',
        patches: [[heap, 'const OFFSET: usize = 24;', 'const OFFSET: usize = 28;']],
      },
      {
        name: 'parts that are not counted',
        patches: [[heap, 'for _ in 0..MOST_PARTS {', 'for _ in 0..2 * MOST_PARTS {']],
      },
      {
        name: 'an array that is shorter than it was',
        patches: [[views, 'end <= self.buffer_length()', 'end <= self.buffer_length() + 1']],
      },
      {
        name: 'bytes that are copied by words to the end',
        patches: [['crates/crosscore-node/src/bytes.rs', 'while at + WORD <= self.length {', 'while at < self.length {']],
      },
      {
        name: 'a message of two bytes a character in the room for one',
        patches: [[text, 'if length > LONGEST_UTF8 || !self.has_room(&place, length) {', 'if length > LONGEST_UTF8 {']],
      },
      {
        name: 'a low surrogate without a high one',
        patches: [[text, 'let (0xd800..0xdc00, &[low', 'let (0xd800..0xe000, &[low']],
      },
      {
        name: 'a length in the ring that is believed',
        patches: [[text, 'if size > available - HEADER || size_of_message(size) > available {', 'if size > 2 * available {']],
      },
    ],
  },
]

const { values: options, positionals } = parseArgs({
  options: { seconds: { type: 'string' }, quick: { type: 'boolean' }, merge: { type: 'boolean' } },
  allowPositionals: true,
})
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0) {
  console.error(`no such target; there are: ${targets.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const seconds = Number(options.seconds ?? (options.quick ? 20 : 300))
if (!(seconds >= chosen.length)) {
  console.error(`--seconds takes a number, at least 1 for each target`)
  process.exit(2)
}
const share = Math.floor(seconds / chosen.length)

let failed = 0
for (const { name } of chosen) {
  const program = await build(root, name)
  const { outcome, summary, report, grown } = await fuzz(program, name, corpusOf(name))
  verdict(outcome === 'nothing found', `${name}: ${outcome}, ${summary}`, outcome === 'nothing found' ? undefined : report)
  if (options.merge && outcome === 'nothing found') await merge(program, name, grown)
  rmSync(grown, { recursive: true })
}
for (const { name, mutants } of chosen) {
  for (const mutant of options.quick ? mutants.slice(0, 1) : mutants) {
    const program = await build(patchedCopy(mutant.name, mutant.patches), name)
    const { outcome, summary, report, grown } = await fuzz(program, name, undefined)
    rmSync(grown, { recursive: true })
    const found = outcome === 'a crash'
    const what = /panicked at .*\n.*|ERROR: AddressSanitizer: [\w-]+/.exec(report)?.[0].replaceAll(/\s+/g, ' ') ?? ''
    verdict(found, `wrong on purpose, ${mutant.name}: ${outcome}, ${summary} ${what}`, found ? undefined : report)
  }
}
console.log(failed === 0 ? 'fuzzing found what it had to' : `${failed} problems`)
if (failed > 0) process.exitCode = 1

function corpusOf(target) {
  const corpus = path.join(root, 'fuzz', 'corpus', target)
  if (!existsSync(corpus) || readdirSync(corpus).length === 0) {
    if (options.merge) return mkdtempSync(path.join(folder, 'empty-'))
    throw new Error(`${corpus} is empty: --merge fills it`)
  }
  return corpus
}

/** Builds one target of a tree and returns the program. */
async function build(source, target) {
  await mustRun(`building ${target} of ${path.basename(source)}`, ['cargo', 'build', '--release', '--locked', '--bin', target, '--target', triple], {
    cwd: path.join(source, 'fuzz'),
    env: {
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: [
        '-Zsanitizer=address',
        '--cfg fuzzing',
        // What libFuzzer sees of a run: counters at every edge, and what is compared.
        '-Cpasses=sancov-module',
        ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`),
        // The tables are gathered by section, which more units than one can break.
        '-Ccodegen-units=1',
      ].join(' '),
      CARGO_TARGET_DIR: folder,
    },
  })
  return path.join(folder, triple, 'release', target)
}

/** Fuzzes for the share, from a corpus or from nothing: { outcome, summary, report, grown }. */
async function fuzz(program, target, corpus) {
  const artifacts = path.join(folder, 'artifacts', target)
  mkdirSync(artifacts, { recursive: true })
  const grown = mkdtempSync(path.join(folder, `${target}-`))
  const { ok, code, timedOut, output, ms } = await run(
    [
      program,
      grown,
      ...(corpus ? [corpus] : []),
      `-max_total_time=${share}`,
      `-max_len=${LONGEST}`,
      // An input that takes so long is a wait that nobody ends.
      '-timeout=10',
      '-print_final_stats=1',
      `-artifact_prefix=${artifacts}${path.sep}`,
    ],
    { limit: (share + 120) * 1000 },
  )
  const last = (pattern) => [...output.matchAll(pattern)].at(-1)?.[1]
  const runs = last(/^stat::number_of_executed_units:\s+(\d+)/gm) ?? last(/^#(\d+)\s/gm) ?? '0'
  const summary = `${runs} runs, ${last(/ cov: (\d+)/g) ?? 0} edges, ${(ms / 1000).toFixed(1)} s`
  const artifact = last(/Test unit written to (\S+)/g)
  if (!ok && !timedOut && artifact) {
    return { outcome: 'a crash', summary, report: `${excerpt(output)}\nplay it again: ${program} ${artifact}`, grown }
  }
  if (timedOut || !ok) return { outcome: timedOut ? 'no end' : `stopped with ${code}`, summary, report: excerpt(output), grown }
  // It counts as silence only if something was run.
  return { outcome: Number(runs) > 100 ? 'nothing found' : 'hardly anything was run', summary, report: excerpt(output), grown }
}

/** Of what libFuzzer writes, the part about a crash. */
function excerpt(output) {
  const lines = output.split('\n')
  const at = lines.findIndex((line) => /panicked at|ERROR: (AddressSanitizer|LeakSanitizer|libFuzzer)/.test(line))
  return lines.slice(Math.max(0, at), at < 0 ? 20 : at + 30).join('\n')
}

/** The corpus that is committed is small: what reaches each edge, not how often. */
async function merge(program, target, grown) {
  const corpus = path.join(root, 'fuzz', 'corpus', target)
  mkdirSync(corpus, { recursive: true })
  const merged = mkdtempSync(path.join(folder, 'merged-'))
  await mustRun(`merging the corpus of ${target}`, [program, '-set_cover_merge=1', '-use_counters=0', `-max_len=${LONGEST}`, merged, corpus, grown])
  rmSync(corpus, { recursive: true })
  renameSync(merged, corpus)
  const bytes = readdirSync(corpus).reduce((sum, name) => sum + statSync(path.join(corpus, name)).size, 0)
  console.log(`       ${readdirSync(corpus).length} inputs, ${bytes} bytes in ${path.relative(root, corpus)}`)
}

function verdict(ok, text, report) {
  if (!ok) failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
  if (report) console.error(report.trimEnd().replace(/^/gm, '    '))
}
