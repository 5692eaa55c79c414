// The check of docs/MATRIX.md and of the rules for unsafe code and orderings finds what it has to.

import test from 'ava'
import { ruleFaults } from '../scripts/source-rules.mjs'
import { documentOf, matrixOf } from '../scripts/spec-matrix.mjs'

const SPEC = 'crates/crosscore/SPEC.md'
const SOURCE = 'crates/crosscore/src/a.rs'
const RUST = 'crates/crosscore/tests/c.rs'
const MADE = 'crates/crosscore/tests/made.rs'
const FORBIDDEN = 'crates/crosscore/tests/compile_fail/e.rs'
const SPECS = '__test__/d.spec.js'

const tree = () =>
  new Map([
    [SPEC, '- **INV-A-1** one\n- **INV-B-1** two\n'],
    [
      SOURCE,
      '// INV-A-1\nfn f() {\n    // INV-B-1\n    debug_assert!(x < y);\n    // SAFETY: INV-A-1\n    debug_assert!(unsafe { x });\n}\n' +
        '#[cfg(test)]\nmod tests {\n    // INV-B-1\n    #[test]\n    fn inside() {\n    }\n}\n',
    ],
    ['lib/deep/b.ts', '/** INV-A-1 */\n'],
    [RUST, '// INV-A-1\n#[test]\n#[cfg(unix)]\nfn it_holds() {\n    // SAFETY: INV-B-1\n    f();\n}\nfn helper() {\n}\n// INV-B-1\nfn helper_above() {\n}\n#[tokio::test]\nasync fn holds_nothing() {\n}\n'],
    [MADE, 'properties! {\n    first_one: u8;\n    // INV-B-1\n    second_one: u16;\n}\n'],
    [FORBIDDEN, '//! INV-B-1: no.\n'],
    [SPECS, "test('other', (t) => {\n})\n// INV-A-1\ntest.serial(`it ${holds}`, async (t) => {\n  // INV-B-1\n})\n"],
  ])

test('the matrix says what the comments say', (t) => {
  const { rows, faults } = matrixOf(tree())
  t.deepEqual(faults, [])
  t.deepEqual(rows.get('INV-A-1'), {
    relied: [SOURCE, 'lib/deep/b.ts'],
    held: new Map([
      [RUST, new Set(['it_holds'])],
      [SPECS, new Set(['it ${holds}'])],
    ]),
    asserted: [],
  })
  t.deepEqual(rows.get('INV-B-1'), {
    relied: [SOURCE],
    held: new Map([
      [SOURCE, new Set(['inside'])],
      [MADE, new Set(['second_one'])],
      [FORBIDDEN, new Set()],
      [SPECS, new Set(['it ${holds}'])],
    ]),
    asserted: [SOURCE],
  })
  t.true(documentOf(rows).includes(`- held by \`${RUST}\`: \`it_holds\`\n`))
})

for (const [what, changes, expected] of [
  ['an id without a definition', { [SPECS]: [/INV-A-1/, 'INV-Z-9'] }, `${SPECS}: INV-Z-9 is not defined`],
  ['a second definition', { [SPEC]: [/INV-B-1/, 'INV-A-1'] }, `${SPEC}: INV-A-1 is defined twice`],
  ['a definition that is no id', { [SPEC]: [/INV-B-1/, 'INV-B'] }, `${SPEC}: INV-B is no id`],
  ['nobody relies on it', { [SOURCE]: [/INV-A-1/g, ''], 'lib/deep/b.ts': [/INV-A-1/, ''] }, 'INV-A-1: no source relies on it'],
  ['no test holds it', { [RUST]: [/INV-A-1/, ''], [SPECS]: [/INV-A-1/, ''] }, 'INV-A-1: no test holds it'],
  ['a function that is no test', { [RUST]: [/#\[test\]\n/, ''], [SPECS]: [/INV-A-1/, ''] }, 'INV-A-1: no test holds it'],
]) {
  test(`a fault is found: ${what}`, (t) => {
    const files = tree()
    for (const [file, [from, to]] of Object.entries(changes)) files.set(file, files.get(file).replace(from, to))
    t.true(matrixOf(files).faults.includes(expected))
  })
}

for (const [source, lines] of [
  ['// SAFETY: INV-A-1\nunsafe { f() };', []],
  ['// SAFETY: INV-A-1\nlet x =\n    unsafe { f() };', []],
  ['// SAFETY: INV-A-1\n#[allow(x)]\nunsafe impl Send for X {}', []],
  ['unsafe { f() };', [1]],
  ['// SAFETY: trust me\nunsafe { f() };', [2]],
  ['// INV-A-1, but not what for\nunsafe { f() };', [2]],
  ['// SAFETY: INV-A-1\ng();\nunsafe { f() };', [3]],
  ['unsafe impl Send for X {}', [1]],
  ['unsafe fn f() {}', []],
  ['x.load(Ordering::Relaxed);', [1]],
  ['use std::sync::atomic::AtomicU32;', [1]],
  ['// Relaxed would do.', []],
  ['fence(PARK);', [1]],
  ['fence(\n    PARK,\n);', [1]],
  ['drop_fence();', []],
  ['#[cfg(test)]\nmod tests {\n    use std::sync::atomic::AtomicU32;\n}', []],
]) {
  test(`the rules for Rust: ${JSON.stringify(source)}`, (t) => {
    const found = ruleFaults(new Map([[SOURCE, source]])).map((fault) => Number(fault.split(':')[1]))
    t.deepEqual(found, lines)
  })
}

test('an exception that is not used any more is found', (t) => {
  for (const file of ['park/handshake.rs', 'alloc/mirrored/macos.rs']) {
    t.is(ruleFaults(new Map([[`crates/crosscore/src/${file}`, 'fn f() {}\n']])).length, 1)
  }
})
