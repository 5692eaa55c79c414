// npm run test:mutants [-- --quick | names]
//
// The algorithm with one mistake in it, each a copy of the crate with a line changed; a test of the crate or a Loom
// model has to fail. Which one is written beside it: one that nobody catches means that a test is missing.
// --quick: those that need no Loom. (Orderings are the matter of audit-orderings.mjs; cargo-mutants, weekly, makes
// mistakes without asking which ones matter.)

import path from 'node:path'
import { parseArgs } from 'node:util'
import { loomEnvironment } from './loom.mjs'
import { root } from './package-bin.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { mustRun, run } from './processes.mjs'

const src = 'crates/crosscore/src'
/** For a test that takes seconds when nothing is wrong. A mutant may wait for ever for what never comes. */
const LIMIT_MS = 60_000

const mutants = [
  {
    name: 'off by one in the full check, when it looks',
    patches: [[`${src}/cursors.rs`, 'let limit = head.wrapping_add(capacity);', 'let limit = head.wrapping_add(capacity + 1);']],
    test: ['push_pop', 'a_full_ring_gives_the_item_back_and_takes_it_after_a_pop'],
  },
  {
    name: 'off by one in the full check, by its copy',
    patches: [[`${src}/cursors.rs`, 'let full_at = start.wrapping_add(slots.capacity());', 'let full_at = start.wrapping_add(slots.capacity() + 1);']],
    test: ['push_pop', 'a_full_ring_gives_the_item_back_and_takes_it_after_a_pop'],
  },
  {
    name: 'full one slot too early',
    patches: [[`${src}/cursors.rs`, 'let limit = head.wrapping_add(capacity);', 'let limit = head.wrapping_add(capacity - 1);']],
    test: ['push_pop', 'a_ring_of_one_alternates'],
  },
  {
    name: 'publish before write',
    patches: [
      [
        `${src}/producer.rs`,
        'ring.shadow().writes(grant.position, 1);',
        'unsafe { ring.cursors().publish_tail(&mut self.tail, grant.position.wrapping_add(1)) };\n        ring.shadow().writes(grant.position, 1);',
      ],
    ],
    test: ['loom', 'what_is_published_is_observed'],
  },
  {
    name: 'release before read',
    patches: [
      [
        `${src}/consumer.rs`,
        'let item = unsafe { ring.consumers_slot(grant.position).read() };',
        'unsafe { ring.cursors().publish_head(&mut self.head, grant.position.wrapping_add(1)) };\n        ring.shadow().reads(grant.position, 1);\n        let item = unsafe { ring.consumers_slot(grant.position).read() };',
      ],
    ],
    test: ['loom', 'one_slot_is_used_again_and_again'],
  },
  {
    name: 'the limit of the producer is beyond what the head allows',
    patches: [[`${src}/cursors.rs`, 'learn(known, limit) };', 'learn(known, limit.wrapping_add(1)) };']],
    test: ['push_pop', 'what_is_known_is_at_most_what_there_is'],
  },
  {
    name: 'the limit of the consumer is ahead of the tail',
    patches: [[`${src}/cursors.rs`, 'learn(known, tail) };', 'learn(known, tail.wrapping_add(1)) };']],
    test: ['push_pop', 'what_is_known_is_at_most_what_there_is'],
  },
  {
    name: 'the position in the handle stays behind',
    patches: [[`${src}/cursors.rs`, '*own = head;', '*own = head.wrapping_sub(1);']],
    test: ['push_pop', 'positions_are_what_has_been_published'],
  },
  {
    name: 'a copy that says full is believed',
    patches: [[`${src}/cursors.rs`, 'if known.count >= wanted {\n            return known;\n        }\n        seldom();', 'if known.count >= wanted || known.count == 0 {\n            return known;\n        }']],
    test: ['push_pop', 'a_full_ring_gives_the_item_back_and_takes_it_after_a_pop'],
  },
  {
    name: 'close before publish: the tail is looked at before the mark',
    patches: [
      [
        `${src}/consumer.rs`,
        'self.is_closed() && self.is_empty()',
        'self.is_empty() && self.is_closed()',
      ],
    ],
    test: ['loom', 'everything_is_seen_before_the_ring_is_done'],
  },
  {
    name: 'double release',
    patches: [[`${src}/read_chunks.rs`, 'publish_head(chunks.head, head)', 'publish_head(chunks.head, head.wrapping_add(self.k as u64))']],
    test: ['read_guard', 'release_gives_back_what_it_was_told'],
  },
  {
    name: 'a commit drops what it has published',
    patches: [[`${src}/reservation.rs`, '        core::mem::forget(self);\n', '']],
    test: ['reservation', 'a_commit_to_a_consumer_that_is_gone_loses_no_destructor'],
  },
  {
    name: 'guard removed: a destructor that panics in a release',
    patches: [
      [
        `${src}/read_chunks.rs`,
        'let _advance = Advance { chunks: self, k };',
        'let advance = core::mem::ManuallyDrop::new(Advance { chunks: self, k });',
      ],
      [
        `${src}/read_chunks.rs`,
        'count: k as u64,\n            });\n        }',
        'count: k as u64,\n            });\n        }\n        drop(core::mem::ManuallyDrop::into_inner(advance));',
      ],
    ],
    test: ['panic_safety', 'a_destructor_that_panics_in_a_release'],
  },
  {
    name: 'a static ring is given to everybody',
    patches: [[`${src}/static_ring.rs`, 'self.claimed.fetch_or(1, CLAIM_STORAGE)', 'self.claimed.fetch_or(0, CLAIM_STORAGE)']],
    test: ['static_ring', 'it_is_split_once_and_never_again'],
  },
  {
    name: 'no second look before it sleeps',
    patches: [[`${src}/park/slot.rs`, 'let found = look();', 'let found = look().filter(|_| false);']],
    test: ['loom_park', 'a_push_wakes_the_consumer'],
  },
  {
    name: 'a publication that wakes nobody',
    patches: [[`${src}/cursors.rs`, 'self.tail.store(tail, PUBLISH_TAIL);\n        self.consumer_slot().notify();', 'self.tail.store(tail, PUBLISH_TAIL);']],
    test: ['loom_park', 'a_push_wakes_the_consumer'],
  },
  {
    name: 'a waker that has been taken is thought to be there',
    patches: [[`${src}/park/slot.rs`, 'if self.is_parked() && left == Identity::of(waker) {', 'if left == Identity::of(waker) {']],
    test: ['loom_park', 'tasks::the_same_waker_is_left_again_after_it_was_taken'],
  },
  {
    name: 'a waker of somebody else is thought to be there',
    patches: [[`${src}/park/slot.rs`, 'if self.is_parked() && left == Identity::of(waker) {', 'if self.is_parked() {']],
    test: ['loom_park', 'tasks::another_waker_takes_the_place_of_the_first'],
  },
]

const { values: options, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const chosen = mutants.filter(({ name, test: [file] }) => {
  if (positionals.length > 0) return positionals.some((wanted) => name.includes(wanted))
  return !options.quick || !file.startsWith('loom')
})
if (chosen.length === 0) {
  console.error(`no such mutant; there are:\n${mutants.map(({ name }) => `  ${name}`).join('\n')}`)
  process.exit(2)
}

let failed = 0
for (const [file, name] of new Map(chosen.map(({ test }) => [test.join(' '), test])).values()) {
  // Beside an unpatched copy, so that "it fails" cannot be said of a test that always does.
  const { outcome, output } = await test(patchedCopy('unpatched', []), file, name)
  if (outcome !== 'passes') verdict(false, `${file}.rs ${name} ${outcome} as it is`, output)
}
for (const { name, patches, test: [file, wanted] } of chosen) {
  let copy
  try {
    copy = patchedCopy(name, patches)
  } catch ({ message }) {
    // The source has changed since: a mutant that is not made is not caught.
    verdict(false, message)
    continue
  }
  const { outcome, output } = await test(copy, file, wanted)
  const caught = outcome === 'fails' || outcome === 'has no end'
  verdict(caught, `${name}: ${wanted} (${file}.rs) ${outcome}`, caught ? undefined : output)
}
console.log(`${chosen.length} mutants, ${failed} problems`)
if (failed > 0) process.exitCode = 1

/** Builds one test file of a tree and runs one test: { outcome: passes, fails or has no end; output }. */
async function test(source, file, name) {
  const loom = file.startsWith('loom')
  const env = {
    ...(loom ? loomEnvironment() : {}),
    CARGO_TARGET_DIR: path.join(root, 'target', loom ? 'mutants-loom' : 'mutants-seeded'),
  }
  const build = ['cargo', 'test', ...(loom ? ['--release'] : []), '-p', 'crosscore', '--all-features', '--test', file]
  const messages = await mustRun(`building ${file}.rs of ${path.basename(source)}`, [...build, '--no-run', '--message-format=json-render-diagnostics'], {
    cwd: source,
    env,
  })
  const artifacts = messages.output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const binary = artifacts.find(({ executable, target }) => executable && target.name === file)?.executable
  if (!binary) throw new Error(`cargo built no ${file}.rs`)
  const { ok, timedOut, output } = await run([binary, '--exact', name], { cwd: path.join(source, 'crates', 'crosscore'), limit: LIMIT_MS })
  if (timedOut) return { outcome: 'has no end', output }
  if (!ok) return { outcome: 'fails', output }
  // A name that the binary does not have would pass too.
  return { outcome: /^test result: ok\. 1 passed;/m.test(output) ? 'passes' : 'is not there', output }
}

function verdict(ok, text, output) {
  if (!ok) failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
  if (output) console.error(output.trimEnd().replace(/^/gm, '    '))
}
