// node scripts/semver.mjs [REVISION]
//
// Compares what programs can name in the published crates with what they could name at REVISION, or else at the newest
// version's tag before this commit, and fails when a break is not announced by the version. Where there is no such tag
// nothing has been published, and nothing can break.
//
// `npm run public-api` shows each change for a reviewer to judge; this judges them by the rules of semver, some of which no
// list of names shows (a type that is no longer Send, a trait that can be implemented no more).
//
// It takes cargo-semver-checks 0.51:
//
//   cargo install cargo-semver-checks --locked --version 0.51.0

import path from 'node:path'
import { workspaceCrates } from './crates.mjs'
import { root } from './package-bin.mjs'
import { mustRun, run } from './processes.mjs'

const baseline = process.argv[2] ?? (await versionBefore())
if (baseline === undefined) console.log('no tag v* before this commit: there is no earlier version to break with')
else {
  const published = (await workspaceCrates()).filter(({ publish }) => publish === null).map(({ name }) => name)
  const command = ['cargo', 'semver-checks', ...published.flatMap((name) => ['-p', name]), '--all-features', '--baseline-rev', baseline]
  await mustRun(`comparing with ${baseline}`, command, {
    env: { CARGO_TARGET_DIR: path.join(root, 'target', 'semver') },
    limit: 1_200_000,
    show: true,
  })
}

/** The newest tag of a version that this commit comes after, and is not. */
async function versionBefore() {
  const shallow = await run(['git', 'rev-parse', '--is-shallow-repository'])
  if (shallow.output.trim() !== 'false') throw new Error('a clone with its whole history is needed: git fetch --unshallow --tags')
  const { ok, output } = await run(['git', 'describe', '--tags', '--abbrev=0', '--match', 'v*', 'HEAD^'])
  return ok ? output.trim() : undefined
}
