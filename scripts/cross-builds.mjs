// How the addon is built for each platform on one x86-64 Linux machine: by zig as compiler of C and linker, and by mingw
// for Windows x64. Everything that this takes is installed when it is missing.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { hasCommand, hasPackage, needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'
import { pythonPackages } from './python-packages.mjs'

const TOOLS = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.1']
const folder = path.join(root, 'target', 'cross')
const LIMIT_MS = 2_700_000
const MUSL = { RUSTFLAGS: '-C target-feature=-crt-static' } // without it there is no cdylib
const MACOS = {
  MACOSX_DEPLOYMENT_TARGET: '11.0',
  CARGO_PROFILE_RELEASE_STRIP: 'none', // Apple's strip is not here
}

/** For each target of package.json: what cargo calls it, with glibc's floor for zig, and what is special about it. */
const RECIPES = {
  'x86_64-unknown-linux-gnu': { zig: 'x86_64-unknown-linux-gnu.2.17', library: 'libcrosscore_node.so' },
  'aarch64-unknown-linux-gnu': { zig: 'aarch64-unknown-linux-gnu.2.17', library: 'libcrosscore_node.so' },
  'x86_64-unknown-linux-musl': { zig: 'x86_64-unknown-linux-musl', library: 'libcrosscore_node.so', env: MUSL },
  'aarch64-unknown-linux-musl': { zig: 'aarch64-unknown-linux-musl', library: 'libcrosscore_node.so', env: MUSL },
  'x86_64-apple-darwin': { zig: 'x86_64-apple-darwin', library: 'libcrosscore_node.dylib', env: MACOS },
  'aarch64-apple-darwin': { zig: 'aarch64-apple-darwin', library: 'libcrosscore_node.dylib', env: MACOS },
  // Not msvc, whose libraries only Microsoft hands out. Node-API is plain C, so the addon fits the same Node.
  'x86_64-pc-windows-msvc': { cargo: 'x86_64-pc-windows-gnu', library: 'crosscore_node.dll' },
  'aarch64-pc-windows-msvc': { zig: 'aarch64-pc-windows-gnullvm', library: 'crosscore_node.dll' },
}

/** Builds the addon for `target`; resolves to the library's file. */
export async function crossBuild(target, { show = false } = {}) {
  const recipe = RECIPES[target]
  const triple = (recipe.zig ?? recipe.cargo).replace(/\.2\.17$/, '')
  const { env, buildStd } = await crossEnvironment(target)
  const command = ['cargo', recipe.zig ? 'zigbuild' : 'build', '--release', '-p', 'crosscore-node', '--target', recipe.zig ?? recipe.cargo]
  await mustRun(`building for ${target}`, [...command, ...buildStd], { env, show, limit: LIMIT_MS })
  return path.join(folder, triple, 'release', recipe.library)
}

/** The environment of cargo for `target`, and the options that bring the standard library where no compiler has it. */
export async function crossEnvironment(target, { tests = false } = {}) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('cross building is made for x86-64 Linux')
  const recipe = RECIPES[target]
  const triple = (recipe.zig ?? recipe.cargo).replace(/\.2\.17$/, '')
  const bin = await pythonPackages('zig', TOOLS)
  const env = {
    ...recipe.env,
    CARGO_TARGET_DIR: folder,
    PATH: `${bin}${path.delimiter}${process.env.PATH}`,
    CARGO_ZIGBUILD_PYTHON_PATH: path.join(bin, 'python'),
  }
  if (recipe.library.endsWith('.dll')) env.LIBNODE_PATH = await emptyLibnode(recipe, bin)
  if (hasStandardLibrary('rustc', triple)) return { env, buildStd: [] }
  needPackages("Debian's rustc with the sources of its library", () => ['rustc-web', 'rust-web-src'].every(hasPackage), [
    'rustc-web',
    'rust-web-src',
    'libstd-rust-web-dev',
  ])
  return {
    // Building the library is unstable, which Debian's compiler allows when told.
    env: { ...env, RUSTC: '/usr/bin/rustc', RUSTDOC: '/usr/bin/rustdoc', RUSTC_BOOTSTRAP: '1' },
    buildStd: [`-Zbuild-std=std,panic_unwind${tests ? ',test' : ''}`],
  }
}

/** napi-build wants a libnode.dll to link with; with dyn-symbols nothing is taken from it, so an empty one does. */
async function emptyLibnode({ zig }, bin) {
  const home = path.join(folder, 'libnode', zig ? 'arm64' : 'x64')
  const library = path.join(home, 'libnode.dll')
  const compiler = zig ? [path.join(bin, 'python'), '-m', 'ziglang', 'cc', '-target', 'aarch64-windows-gnu'] : ['x86_64-w64-mingw32-gcc']
  if (!zig) needPackages('mingw', () => hasCommand(compiler[0]), ['gcc-mingw-w64-x86-64'])
  if (existsSync(library)) return home
  mkdirSync(home, { recursive: true })
  const source = path.join(home, 'empty.c')
  writeFileSync(source, '__declspec(dllexport) int crosscore_nothing(void) { return 0; }\n')
  // mingw links with the library itself, zig with its import library.
  const imports = path.join(home, 'node.lib')
  const command = [...compiler, '-shared', '-o', library, `-Wl,--out-implib,${imports}`, source]
  // The first time zig makes its libraries of Windows: more than ten minutes beside other work.
  await mustRun('an empty libnode.dll', command, { limit: LIMIT_MS })
  return home
}

function hasStandardLibrary(rustc, triple) {
  const { status, stdout } = spawnSync(rustc, ['--print', 'target-libdir', '--target', triple], { encoding: 'utf8' })
  return status === 0 && existsSync(stdout.trim())
}
