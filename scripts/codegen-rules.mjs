// What the machine code of an operation has to look like.

import { functionsIn, touchesMemory, waysWithoutCalls } from './assembly.mjs'
import { processors } from './codegen-builds.mjs'
import { allowedMnemonics, siteOf } from './site-instructions.mjs'

/**
 * The functions of crates/crosscore-probes: the site by which each publishes, and those of the other side's
 * cursor, which belong on the slow path.
 */
const producer = { publishes: 'PUBLISH_TAIL', slowOnly: ['OBSERVE_HEAD'] }
const consumer = { publishes: 'PUBLISH_HEAD', slowOnly: ['OBSERVE_TAIL', 'OBSERVE_CLOSED'] }
export const probes = {
  probe_push: producer,
  probe_commit: producer,
  probe_publish_raw: producer,
  probe_pop: consumer,
  probe_release: consumer,
  probe_release_raw: consumer,
  // The slow paths, shared by all.
  refresh_free: { slowPath: 'OBSERVE_HEAD' },
  refresh_available: { slowPath: 'OBSERVE_TAIL' },
}

const forbidden = {
  x86_64: ({ mnemonic, operands }) => /^(?:lock|[mls]fence|cmpxchg|xadd)/.test(mnemonic) || (mnemonic.startsWith('xchg') && /\(/.test(operands)),
  aarch64: ({ mnemonic }) => /^(?:dmb|dsb|isb|ldax\w*|ldxr\w*|stl?xr\w*|cas\w*|swp\w*|ld(?:add|set|clr|eor)\w*)$/.test(mnemonic),
}

/** { faults, summary } of one probe, the faults in words. */
export function faultsOf(name, rule, text, processor, sites) {
  const { architecture } = processors[processor]
  const pattern = rule.slowPath ? new RegExp(`\\d${name}$`) : new RegExp(`^${name}$`)
  const found = functionsIn(text, architecture, pattern)
  if (found.length !== 1) return { faults: [`there are ${found.length} functions of that name`] }
  const [probe] = found
  const faults = probe.blocks
    .flatMap(({ instructions }) => instructions)
    .flatMap((instruction) => wrongInstruction(instruction, processor, sites))
  const ways = waysWithoutCalls(probe)
  const describe = rule.slowPath ? slowPathFaults : fastPathFaults
  const { faults: more, summary } = describe(rule, ways, architecture, sites)
  return { faults: [...faults, ...more], summary }
}

/** An access whose instruction is not what its ordering asks for. */
function wrongInstruction(instruction, processor, sites) {
  const { architecture } = processors[processor]
  const at = siteOf(instruction, sites)
  if (at === undefined) return []
  const site = sites.find(({ name }) => name === at.name)
  const ordering = site.elsewhere[architecture] ?? site.ordering
  const allowed = allowedMnemonics(architecture, at.kind, ordering, { rcpc: processor === 'aarch64_rcpc' })
  return allowed.test(instruction.mnemonic) ? [] : [`${at.name} (${ordering}) is ${shown(instruction)}`]
}

function fastPathFaults({ publishes, slowOnly }, ways, architecture, sites) {
  const faults = []
  const publications = (way) => way.filter((instruction) => siteOf(instruction, sites)?.name === publishes)
  const publishing = ways.filter((way) => publications(way).length > 0)
  if (publishing.length === 0) return { faults: ['no way through it publishes without a call'] }
  for (const way of ways) {
    for (const instruction of way) {
      if (forbidden[architecture](instruction)) faults.push(`${shown(instruction)} on the fast path`)
      const name = siteOf(instruction, sites)?.name
      if (slowOnly.includes(name)) faults.push(`${name} on the fast path: ${shown(instruction)}`)
      if (architecture === 'aarch64' && /^lda(?:p?r)/.test(instruction.mnemonic) && name !== 'CHECK_PARKED') {
        faults.push(`${shown(instruction)} on the fast path`)
      }
    }
  }
  for (const way of publishing) {
    if (publications(way).length !== 1) faults.push(`${publications(way).length} publications`)
    const releases = way.filter(({ mnemonic }) => mnemonic.startsWith('stlr'))
    if (architecture === 'aarch64' && releases.length !== 1) faults.push(`${releases.length} stlr`)
    const [publication] = publications(way)
    // `add` to memory is the load of the own cursor and its store in one, and just as plain without `lock`.
    if (architecture === 'x86_64' && !/^(?:mov|add|inc)[bwlq]?$/.test(publication.mnemonic)) {
      faults.push(`published by ${shown(publication)}, not by a plain store`)
    }
  }
  const shortest = publishing.reduce((best, way) => (way.length < best.length ? way : best))
  const memory = shortest.filter(touchesMemory).length
  const [publication] = publications(shortest)
  const acquiring = shortest.filter(({ mnemonic }) => /^ldap?r/.test(mnemonic)).map(shown)
  return {
    faults: [...new Set(faults)],
    summary: `${shortest.length} instructions, ${memory} on memory, published by ${shown(publication)}${acquiring.length > 0 ? `, then ${acquiring.join(', ')}` : ''}`,
  }
}

function slowPathFaults({ slowPath }, ways, architecture, sites) {
  const looks = ways.map((way) => way.filter((instruction) => siteOf(instruction, sites)?.name === slowPath))
  if (looks.length === 0) return { faults: ['no way through it without a call'] }
  const wrong = looks.find((loads) => loads.length !== 1)
  return { faults: wrong ? [`${wrong.length} looks at the other cursor`] : [], summary: `looks once, by ${shown(looks[0][0] ?? {})}` }
}

function shown({ mnemonic, operands }) {
  return `\`${mnemonic} ${operands}\``
}
