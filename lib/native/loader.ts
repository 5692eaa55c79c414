// Finds the addon's binary and loads it. Where it cannot, the error begins with the cause and says what to do.
//
// Ours and not the loader that napi-rs writes: that one tries every possible place, lets the last failure hide the first,
// and calls each of them a bug of npm.
//
// `process` is the global, here and in all of lib/: an import of node:process in an ES module asks for all that it exports,
// and so opens stdin, stdout and stderr, which then do not block. A program's own `readFileSync(0)` would throw EAGAIN.

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
// Not createRequire by its name: webpack would put `undefined` in the place of its calls.
import nodeModule from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the build knows of the package that it writes the entry of. */
export interface Origin {
  readonly version: string
  /** Platforms with a package of their own, such as `linux-x64-gnu`. */
  readonly platforms: readonly string[]
  /**
   * Files or file URLs beside which the binary may lie, and from which its package is resolved, in this order. A bundler
   * may have left any of them empty, or as it was on the machine that made the bundle.
   */
  readonly bases: readonly (string | undefined)[]
}

/** The addon's exports. @throws an Error with code `ERR_CROSSCORE_LOAD`; its `cause` is what the system said. */
export function loadAddon({ version, platforms, bases }: Origin): Record<string, unknown> {
  if ('deno' in process.versions) {
    // Its finalizers and its ends of threads run without a scope for handles, and abort the process.
    throw failure(
      `Deno is not supported: it aborts when it collects an addon's buffers or ends a thread that uses them`,
      'run this in Node or Bun',
    )
  }
  const platform = thisPlatform()
  const told = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
  const origins = [...new Set(bases.map(asPath).filter((base) => base !== undefined))]
  if (told) return load(nodeModule.createRequire(path.resolve('crosscore.js')), path.resolve(told), ' (NAPI_RS_NATIVE_LIBRARY_PATH)')

  const file = `crosscore.${platform}.node`
  const name = `crosscore-${platform}`
  for (const origin of origins) {
    const beside = path.join(path.dirname(origin), file)
    if (existsSync(beside)) return load(nodeModule.createRequire(origin), beside, '')
  }
  for (const origin of origins) {
    const from = nodeModule.createRequire(origin)
    const found = resolved(from, name)
    if (found === undefined) continue
    const other = (from(`${name}/package.json`) as { version: string }).version
    if (other !== version) {
      throw failure(
        `crosscore ${version} found ${name} ${other}, and only equal versions fit`,
        `npm install crosscore@${version} brings both; a lockfile or an "overrides" entry may hold the other one back`,
      )
    }
    return load(from, found, '')
  }
  throw missing({ version, platforms, platform, origins })
}

/** The platform's name in packages and files; the libc belongs to it on Linux. */
function thisPlatform(): string {
  const { platform, arch } = process
  if (platform === 'linux') return `linux-${arch}-${usesMusl() ? 'musl' : 'gnu'}`
  if (platform === 'win32') return `win32-${arch}-msvc`
  return `${platform}-${arch}`
}

/**
 * Whether this process runs on musl. Told by the program's own dynamic linker, because a system may have both; by Node's
 * report where the program cannot be read or is linked in an unusual way.
 */
function usesMusl(): boolean {
  try {
    const { head } = beginning('/proc/self/exe')
    if (head.includes('/ld-musl-')) return true
    if (head.includes('/ld-linux-')) return false
  } catch {
    // No /proc, or --permission: the report needs neither.
  }
  // Or the report looks up names of the network.
  Object.assign(process.report, { excludeNetwork: true })
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header !== undefined && header.glibcVersionRuntime === undefined
}

function beginning(file: string): { head: Buffer; size: number } {
  const head = Buffer.alloc(4096)
  const opened = openSync(file, 'r')
  try {
    return { head: head.subarray(0, readSync(opened, head, 0, head.length, 0)), size: fstatSync(opened).size }
  } finally {
    closeSync(opened)
  }
}

const PT_LOAD = 1

/**
 * What an ELF file has to hold for the system's linker, if it holds less: the linker maps what the file's head tells of, and
 * the process dies (SIGBUS) where the file has ended, before there is anybody to tell why.
 */
function cutShort(file: string): { size: number; needed: number } | undefined {
  try {
    const { head, size } = beginning(file)
    // 64 bits and little-endian, as all that there is of it.
    if (head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined
    const first = Number(head.readBigUInt64LE(32))
    const each = head.readUInt16LE(54)
    let needed = 0
    for (let at = first, left = head.readUInt16LE(56); left > 0; at += each, left -= 1) {
      if (head.readUInt32LE(at) !== PT_LOAD) continue
      needed = Math.max(needed, Number(head.readBigUInt64LE(at + 8)) + Number(head.readBigUInt64LE(at + 32)))
    }
    return needed > size ? { size, needed } : undefined
  } catch {
    // Not there, not to be read, or not even a head: loading it says so.
    return undefined
  }
}

// Nowhere is a variable called `require`: a bundler would take its calls for those of CommonJS and put its own in their place.

function load(from: NodeJS.Require, file: string, note: string): Record<string, unknown> {
  const short = process.platform === 'linux' ? cutShort(file) : undefined
  if (short) {
    throw failure(`${file}${note} is cut short: it has ${short.size} bytes of at least ${short.needed}`, 'install crosscore anew, with room on the disk')
  }
  try {
    return from(file) as Record<string, unknown>
  } catch (cause) {
    throw refused(`${file}${note}`, cause)
  }
}

/** The error for a binary that is there and does not load. */
function refused(file: string, cause: unknown): Error {
  const { message, code } = cause as NodeJS.ErrnoException
  const said = String(message).split('\n', 1)[0]?.trim() ?? ''
  if (code === 'ERR_DLOPEN_DISABLED') {
    // The permission model and --no-addons give the same code.
    return 'permission' in process && process.permission
      ? failure('Node runs with --permission, which forbids addons', 'add --allow-addons', cause)
      : failure('Node runs with --no-addons, which forbids addons', 'leave --no-addons out: crosscore is one', cause)
  }
  if (code === 'ERR_ACCESS_DENIED') {
    return failure(`Node runs with --permission and may not read ${file}`, 'add --allow-fs-read for node_modules, and --allow-addons', cause)
  }
  const wanted = /version [`']?(GLIBC(?:XX)?_[\d.]+)'? not found/.exec(said)?.[1]
  if (wanted) {
    const here = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime
    return failure(
      `${file} needs ${wanted.replace('_', ' ')}, and this system has ${here ? `GLIBC ${here}` : 'an older one'}`,
      'the published binaries need GLIBC 2.17: take one of those, or build on this system',
      cause,
    )
  }
  if (code === 'MODULE_NOT_FOUND' || code === 'ENOENT') {
    return failure(`there is no file ${file}`, 'correct the path', cause)
  }
  return failure(
    // The system's linker names the file once more.
    `${file} does not load: ${said.slice(said.startsWith(`${file}: `) ? file.length + 2 : 0)}`,
    `it may be broken, cut short or for another system (this is ${thisPlatform()}): install crosscore anew`,
    cause,
  )
}

/** The error for a platform that has no binary, or whose binary was not installed. */
function missing({ version, platforms, platform, origins }: { version: string; platforms: readonly string[]; platform: string; origins: string[] }): Error {
  if (!platforms.includes(platform)) {
    return failure(
      `there is no prebuilt binary for ${platform}, only for ${platforms.join(', ')}`,
      'build one from a checkout (npm install && npm run build) and name the .node file in NAPI_RS_NATIVE_LIBRARY_PATH',
    )
  }
  const folders = [...new Set(origins.map((origin) => path.dirname(origin)))].join(' and ')
  const looked = `looked for crosscore.${platform}.node in ${folders}, and for the package crosscore-${platform} from there`
  if (origins.some(isFromCheckout)) {
    return failure(
      `no binary for ${platform}: this copy was made from a checkout, which holds none and depends on none (${looked})`,
      'in the checkout: npm run build; elsewhere install crosscore from the registry, or name a .node file in NAPI_RS_NATIVE_LIBRARY_PATH',
    )
  }
  const manifestOf = (name: string) =>
    origins.map((origin) => resolved(nodeModule.createRequire(origin), `crosscore-${name}/package.json`)).find((file) => file !== undefined)
  const empty = manifestOf(platform)
  if (empty !== undefined) {
    return failure(
      `no binary for ${platform}: the package crosscore-${platform} in ${path.dirname(empty)} is without its file crosscore.${platform}.node`,
      'install crosscore anew; if the file goes again, let a virus scanner, or what copies node_modules (.dockerignore, a deployment), keep .node files',
    )
  }
  const others = platforms.filter((other) => manifestOf(other) !== undefined)
  const instead = others.length > 0 ? `; installed instead: ${others.map((other) => `crosscore-${other}`).join(', ')}` : ''
  return failure(
    `no binary for ${platform}: the package crosscore-${platform} is not installed${instead} (${looked})`,
    [
      `npm install crosscore-${platform}@${version} brings it`,
      'left out it was by --omit=optional or --no-optional, by a lockfile or node_modules of another system' +
        (platform.endsWith('-musl') ? ' or of another libc' : ''),
      "or by npm's bug with optional dependencies (npm/cli#4828: remove node_modules and package-lock.json and install again)",
    ].join('; '),
  )
}

/** Whether the package at `origin` is ours and names no platform package: `npm pack` in a checkout, or the checkout. */
function isFromCheckout(origin: string): boolean {
  try {
    const manifest = JSON.parse(readFileSync(path.join(path.dirname(origin), 'package.json'), 'utf8')) as {
      name?: string
      optionalDependencies?: object
    }
    return manifest.name === 'crosscore' && manifest.optionalDependencies === undefined
  } catch {
    return false
  }
}

function resolved(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name)
  } catch {
    return undefined
  }
}

/** Undefined for what names no file: nothing at all, or the `[eval]` of `node --eval`. */
function asPath(base: string | undefined): string | undefined {
  if (base?.startsWith('file:')) return fileURLToPath(base)
  return base !== undefined && path.isAbsolute(base) ? base : undefined
}

/** Not lib's class: who cannot import the package has no class to compare with. */
function failure(problem: string, advice: string, cause?: unknown): Error {
  const error = new Error(`crosscore: ${problem}. What to do: ${advice}.`, cause === undefined ? undefined : { cause })
  error.name = 'CrosscoreError'
  return Object.assign(error, { code: 'ERR_CROSSCORE_LOAD' })
}
