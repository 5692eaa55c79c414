// npm test [-- names of steps]
// Everything that must pass before a commit. To add a check, add a line.

import { lintSteps } from './lint.mjs'
import { packageBin } from './package-bin.mjs'
import { runSteps } from './steps.mjs'
import { avaTally, cargoTally } from './tallies.mjs'

const node = process.execPath

const steps = [
  { name: 'build', command: [node, 'scripts/build-if-needed.mjs'] },
  {
    name: 'rust',
    // Not --all-targets, which would leave doc tests out and run benches; they have their own step.
    command: ['cargo', 'test', '--workspace', '--lib', '--bins', '--tests', '--examples', '--no-fail-fast'],
    tally: cargoTally,
  },
  // What the addon does without.
  {
    name: 'rust-features',
    command: ['cargo', 'test', '-p', 'crosscore', '--all-features', '--lib', '--test', 'async_traits', '--no-fail-fast'],
    tally: cargoTally,
  },
  { name: 'doc', command: ['cargo', 'test', '--workspace', '--doc', '--all-features'], tally: cargoTally },
  { name: 'loom', command: [node, 'scripts/loom.mjs'], tally: cargoTally },
  { name: 'ava', command: [node, ...packageBin('ava')], tally: avaTally },
  // npm run test:faults without arguments is the long form of this one.
  { name: 'faults', command: [node, 'faults/run.js', '--rounds', '60', '--seed', '1', '--soak', '20000'] },
  ...lintSteps,
]

await runSteps(steps, process.argv.slice(2))
