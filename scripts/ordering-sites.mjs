// The sites of crates/crosscore/src/ordering.rs: name, ordering, what is said of it, where it is used.

import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { usesOf, withoutComments } from './rust-source.mjs'

/**
 * Every site, in the order of the file. `kind` is what it orders: load, store, rmw or fence; a site
 * of several kinds has them all.
 */
export function orderingSites(tree = root) {
  const src = path.join(tree, 'crates', 'crosscore', 'src')
  const sites = declared(readFileSync(path.join(src, 'ordering.rs'), 'utf8'))
  const names = new Set(sites.map(({ name }) => name))
  const sources = rustFiles(src)
    .filter((file) => file !== 'ordering.rs' && !file.startsWith('sync/'))
    .map((file) => ({ file, code: withoutComments(readFileSync(path.join(src, file), 'utf8')) }))
  for (const site of sites) {
    site.uses = sources.flatMap(({ file, code }) =>
      usesOf(site.name, code).map(({ fn, index }) => Object.assign(callAround(index, code), { file, fn })),
    )
    site.kinds = [...new Set(site.uses.map(({ kind }) => kind))].sort()
    site.invariants = [...new Set(site.text.match(/INV-[A-Z]+-\d+/g))]
  }
  for (const site of sites) {
    const mentioned = (other) => names.has(other.name) && partnersIn(site.text).includes(other.name)
    const mentions = (other) => partnersIn(other.text).includes(site.name)
    site.partners = sites.filter((other) => mentioned(other) || mentions(other)).map(({ name }) => name)
  }
  const unused = sites.filter(({ uses }) => uses.length === 0).map(({ name }) => name)
  if (unused.length > 0) throw new Error(`ordering.rs: nobody uses ${unused.join(', ')}`)
  return sites
}

function declared(source) {
  const table = source.slice(source.search(/^sites! \{/m))
  const entry =
    /((?:^ *\/\/\/[^\n]*\n)+)(?:^ *#\[[^\n]*\n)*^ *([A-Z][A-Z0-9_]*) = (\w+)((?:, \w+: \w+)*);/gm
  const sites = [...table.matchAll(entry)].map(([, doc, name, ordering, elsewhere]) => ({
    name,
    ordering,
    // `aarch64: SeqCst` and the like: what it is instead on that architecture.
    elsewhere: Object.fromEntries([...elsewhere.matchAll(/(\w+): (\w+)/g)].map(([, key, value]) => [key, value])),
    text: doc
      .replace(/^ *\/\/\/ ?/gm, '')
      .replace(/\n(?!\n)/g, ' ')
      .replace(/ {2,}/g, ' ')
      .trim(),
  }))
  const assignments = withoutComments(table).match(/^ *[A-Z][A-Z0-9_]* = /gm)?.length ?? 0
  if (sites.length === 0 || sites.length !== assignments) {
    throw new Error(`ordering.rs: ${assignments} sites, of which ${sites.length} can be read with their comment`)
  }
  return sites
}

/** The sites that a text calls a partner: `partner `X`` or `partners `X` and `Y``. */
function partnersIn(text) {
  return [...text.matchAll(/partners?:? ((?:`\w+`(?:, | and )?)+)/gi)].flatMap(([, list]) =>
    [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
}

/** The call that the site at `index` is an argument of: its kind, and where its name begins. */
function callAround(index, code) {
  let depth = 0
  for (let at = index - 1; at >= 0; at -= 1) {
    if (code[at] === ')') depth += 1
    if (code[at] !== '(') continue
    if (depth > 0) {
      depth -= 1
      continue
    }
    const call = code.slice(0, at).match(/(\w+)\s*$/)
    const kind = call && kindOf(call[1], code.slice(index))
    if (kind) return { kind, ...placeOf(call.index, code) }
  }
  return { kind: 'other', ...placeOf(index, code) }
}

/** Line and column, both from 1, as compilers count. */
function placeOf(index, code) {
  const before = code.slice(0, index).split('\n')
  return { line: before.length, column: before.at(-1).length + 1 }
}

function kindOf(call, fromSite) {
  if (['load', 'store', 'fence', 'compiler_fence'].includes(call)) return call
  // The last argument of a compare-exchange is the ordering of the load when it fails.
  if (call.startsWith('compare_exchange') && /^\w+\s*,?\s*\)/.test(fromSite)) return 'load'
  return /^(fetch_|swap|compare_)/.test(call) ? 'rmw' : undefined
}

function rustFiles(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const name = `${prefix}${entry.name}`
      if (entry.isDirectory()) return rustFiles(path.join(folder, entry.name), `${name}/`)
      return name.endsWith('.rs') ? [name] : []
    })
    .sort()
}
