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
}

const forbidden = {
  x86_64: ({ mnemonic, operands }) => /^(?:lock|[mls]fence|cmpxchg|xadd)/.test(mnemonic) || (mnemonic.startsWith('xchg') && /\(/.test(operands)),
  aarch64: ({ mnemonic }) => /^(?:dmb|dsb|isb|ldax\w*|ldxr\w*|stl?xr\w*|cas\w*|swp\w*|ld(?:add|set|clr|eor)\w*)$/.test(mnemonic),
}

/** { faults, summary } of one probe, the faults in words. */
export function faultsOf(name, rule, text, processor, sites) {
  const { architecture } = processors[processor]
  const found = functionsIn(text, architecture, new RegExp(`^${name}$`))
  if (found.length !== 1) return { faults: [`there are ${found.length} functions of that name`] }
  const [probe] = found
  const faults = probe.blocks
    .flatMap(({ instructions }) => instructions)
    .flatMap((instruction) => wrongInstruction(instruction, processor, sites))
  const ways = waysWithoutCalls(probe)
  const { faults: more, summary } = faultsOfWays(rule, ways, architecture, sites)
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

/**
 * A way is fast if it does not look at the other side; one that is must publish. A way that looks does so once, and
 * everything else holds for it too.
 */
function faultsOfWays({ publishes, slowOnly }, ways, architecture, sites) {
  const faults = []
  const at = (way, ...names) => way.filter((instruction) => names.includes(siteOf(instruction, sites)?.name))
  const publishing = ways.filter((way) => at(way, publishes).length > 0)
  const fast = publishing.filter((way) => at(way, ...slowOnly).length === 0)
  if (publishing.length === 0) return { faults: ['no way through it publishes without a call'] }
  if (fast.length === 0) return { faults: [`no way through it publishes without a look: ${at(publishing[0], ...slowOnly).map(shown).join(', ')}`] }
  for (const way of ways) {
    for (const instruction of way) {
      if (forbidden[architecture](instruction)) faults.push(`${shown(instruction)} on a way without a call`)
      const name = siteOf(instruction, sites)?.name
      if (architecture === 'aarch64' && /^lda(?:p?r)/.test(instruction.mnemonic) && ![...slowOnly, 'CHECK_PARKED'].includes(name)) {
        faults.push(`${shown(instruction)} on the fast path`)
      }
    }
    for (const name of slowOnly) {
      if (at(way, name).length > 1) faults.push(`${at(way, name).length} looks by ${name}`)
    }
  }
  for (const way of publishing) {
    const publications = at(way, publishes)
    if (publications.length !== 1) faults.push(`${publications.length} publications`)
    const releases = way.filter(({ mnemonic }) => mnemonic.startsWith('stlr'))
    if (architecture === 'aarch64' && releases.length !== 1) faults.push(`${releases.length} stlr`)
    if (architecture === 'x86_64' && !/^mov[bwlq]?$/.test(publications[0].mnemonic)) {
      faults.push(`published by ${shown(publications[0])}, not by a plain store`)
    }
  }
  const shortest = fast.reduce((best, way) => (way.length < best.length ? way : best))
  const memory = shortest.filter(touchesMemory).length
  const [publication] = at(shortest, publishes)
  const acquiring = shortest.filter(({ mnemonic }) => /^ldap?r/.test(mnemonic)).map(shown)
  const looks = [...new Set(publishing.flatMap((way) => at(way, ...slowOnly)).map(shown))]
  return {
    faults: [...new Set(faults)],
    summary: [
      `${shortest.length} instructions, ${memory} on memory, published by ${shown(publication)}`,
      ...(acquiring.length > 0 ? [`then ${acquiring.join(', ')}`] : []),
      ...(looks.length > 0 ? [`elsewhere it looks by ${looks.join(' or ')}`] : []),
    ].join(', '),
  }
}

function shown({ mnemonic, operands }) {
  return `\`${mnemonic} ${operands}\``
}
