// node scripts/binary-floor.mjs [FILE…]
// What the built addons import, and whether every system that we promise has it. Without files: those of the checkout.

import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { root } from './package-bin.mjs'
import { run } from './processes.mjs'
import { pythonPackages } from './python-packages.mjs'
import { columns } from './tables.mjs'

const GLIBC = [2, 17]
const MACOS = [11, 0]

/** By the end of the platform's name: the libraries that every such system has. */
const ALLOWED = {
  gnu: /^(?:lib(?:c\.so\.6|m\.so\.6|dl\.so\.2|pthread\.so\.0|rt\.so\.1)|ld-linux[\w.-]+)$/,
  // Node's own musl builds need libgcc_s and libstdc++, so it is there; libc.so is musl itself.
  musl: /^(?:libc\.so|libc\.musl-\w+\.so\.1|libgcc_s\.so\.1)$/,
  // Of every macOS; iconv comes with Rust's standard library.
  darwin: /^\/usr\/lib\/lib(?:System\.B|iconv\.2|charset\.1)\.dylib$/,
  // Windows 10 and its C runtime; never libgcc or a libnode.dll.
  win32: /^(?:kernel32|ntdll|advapi32|userenv|ws2_32|bcrypt(?:primitives)?|msvcrt|ucrtbase|vcruntime140|api-ms-win-[\w-]+)\.dll$/i,
}
const MACHINES = { x64: /^(?:X86_64|AMD64)$/, arm64: /^(?:AARCH64|ARM64)$/ }

/** { file, platform, size, libraries, floor, problems } of one addon, whose name says the platform. */
export async function binaryFloor(file) {
  const platform = /crosscore\.(.+)\.node$/.exec(file)?.[1]
  if (!platform) throw new Error(`${file}: the name of an addon is crosscore.PLATFORM.node`)
  const bin = await pythonPackages('lief', ['lief==0.17.1'])
  const { ok, output } = await run([path.join(bin, 'python'), path.join(root, 'scripts', 'binary-imports.py'), file])
  if (!ok) throw new Error(`${file} cannot be read:\n${output}`)
  const { machine, libraries, versions = [], minimum } = JSON.parse(output.trim().split('\n').at(-1))

  const problems = []
  const [system, arch] = platform.split('-')
  const kind = system === 'linux' ? platform.split('-')[2] : system
  if (!MACHINES[arch].test(machine)) problems.push(`it is for ${machine}`)
  const foreign = libraries.filter((library) => !ALLOWED[kind].test(library))
  if (foreign.length > 0) problems.push(`not every system has ${foreign.join(', ')}`)
  const glibc = versions.map((name) => /^GLIBC_(\d+)\.(\d+)/.exec(name)?.slice(1).map(Number)).filter(Boolean)
  const newest = glibc.sort(compare).at(-1)
  if (kind === 'gnu' && newest && compare(newest, GLIBC) > 0) problems.push(`it needs glibc ${newest.join('.')}, newer than ${GLIBC.join('.')}`)
  if (kind === 'darwin' && compare(minimum.split('.').map(Number), MACOS) > 0) problems.push(`it needs macOS ${minimum}`)
  const floors = { gnu: `glibc ${newest?.join('.') ?? 'any'}`, musl: 'musl', darwin: `macOS ${minimum}`, win32: `subsystem ${minimum}` }
  return { file, platform, size: statSync(file).size, libraries, floor: floors[kind], problems }
}

/** Prints the table; returns how many have a problem. */
export function printFloors(results) {
  const lines = results.map(({ platform, size, floor, libraries, problems }) => [
    problems.length > 0 ? 'FAILED' : 'ok',
    platform,
    (size / 1024).toFixed(0),
    floor,
    libraries.join(' '),
  ])
  console.log(columns([['', 'platform', 'KiB', 'needs', 'libraries'], ...lines]))
  for (const { platform, problems } of results) for (const problem of problems) console.error(`${platform}: ${problem}`)
  return results.filter(({ problems }) => problems.length > 0).length
}

function compare([a, b], [c, d]) {
  return a - c || b - d
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2)
  if (files.length === 0) files.push(...readdirSync(root).filter((name) => /^crosscore\..+\.node$/.test(name)).map((name) => path.join(root, name)))
  const results = []
  for (const file of files) results.push(await binaryFloor(file))
  if (results.length === 0 || printFloors(results) > 0) process.exitCode = 1
}
