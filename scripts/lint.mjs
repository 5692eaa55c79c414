// npm run lint [-- names of steps]

import { fileURLToPath } from 'node:url'
import { packageBin } from './package-bin.mjs'
import { runSteps } from './steps.mjs'

const node = process.execPath

export const lintSteps = [
  { name: 'rustfmt', command: ['cargo', 'fmt', '--all', '--check'] },
  { name: 'rustfmt-fuzz', command: ['cargo', 'fmt', '--manifest-path', 'fuzz/Cargo.toml', '--check'] },
  { name: 'clippy', command: ['cargo', 'clippy', '--workspace', '--all-targets', '--', '-D', 'warnings'] },
  // The crate with everything, and with as little as it can do with.
  { name: 'clippy-all', command: ['cargo', 'clippy', '-p', 'crosscore', '--all-features', '--all-targets', '--', '-D', 'warnings'] },
  {
    name: 'clippy-bare',
    command: ['cargo', 'clippy', '-p', 'crosscore', '--no-default-features', '--all-targets', '--', '-D', 'warnings'],
  },
  {
    name: 'clippy-alloc',
    command: ['cargo', 'clippy', '-p', 'crosscore', '--no-default-features', '--features', 'alloc', '--all-targets', '--', '-D', 'warnings'],
  },
  {
    name: 'rustdoc',
    command: ['cargo', 'doc', '-p', 'crosscore', '--all-features', '--no-deps'],
    env: { RUSTDOCFLAGS: '-D warnings' },
  },
  // What only the benchmarks build (bench/harness/bench-addon.js).
  {
    name: 'clippy-bench',
    command: ['cargo', 'clippy', '-p', 'crosscore-node', '--features', 'bench', '--all-targets', '--', '-D', 'warnings'],
  },
  // The fuzzer's targets include sources of the addon one by one. Nothing is linked, so libFuzzer need not be built.
  {
    name: 'clippy-fuzz',
    command: ['cargo', 'clippy', '--manifest-path', 'fuzz/Cargo.toml', '--locked', '--bins', '--', '-D', 'warnings'],
    env: { CUSTOM_LIBFUZZER_PATH: '/nowhere/libfuzzer.a', CARGO_TARGET_DIR: 'target' },
  },
  { name: 'rooms', command: [node, 'scripts/check-rooms.mjs'] },
  { name: 'oxlint', command: [node, ...packageBin('oxlint'), '--deny-warnings'] },
  { name: 'types', command: [node, ...packageBin('typescript', 'tsc'), '--noEmit', '-p', '__test__/types/tsconfig.json'] },
  { name: 'invariants', command: [node, 'scripts/spec-matrix.mjs', '--check'] },
  { name: 'types-bare', command: [node, 'scripts/check-bare-types.mjs'] },
  { name: 'declarations', command: [node, 'scripts/check-declarations.mjs'] },
]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // `types` and `declarations` read what the build emits.
  const build = { name: 'build', command: [node, 'scripts/build-if-needed.mjs'] }
  await runSteps([build, ...lintSteps], process.argv.slice(2))
}
