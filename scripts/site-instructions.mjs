// Which instruction an ordering became: the source lines that an instruction was inlined through, matched with
// the places where ordering.rs's sites are used.

import { functionsIn, touchesMemory } from './assembly.mjs'
import { assemblyOf, processors } from './codegen-builds.mjs'

const isFence = /^(?:mfence|lock or[lq]|dmb)/

/** The site that an instruction carries out, with the kind of access; undefined if it is none. */
export function siteOf(instruction, sites) {
  if (!touchesMemory(instruction) && !isFence.test(instruction.mnemonic)) return undefined
  const [innermost] = instruction.places
  if (!innermost?.file.endsWith('core/src/sync/atomic.rs')) return undefined
  for (const { file, line, column } of instruction.places) {
    const inCrate = file.match(/crates\/crosscore\/src\/(.*)$/)?.[1]
    if (inCrate === undefined) continue
    for (const site of sites) {
      const use = site.uses.find((one) => one.file === inCrate && one.line === line && one.column === column)
      if (use) return { name: site.name, kind: use.kind, fn: use.fn }
    }
  }
  return undefined
}

/** What the instruction of an access may be, by ordering. */
export function allowedMnemonics(architecture, kind, ordering, { rcpc = false } = {}) {
  if (architecture === 'x86_64') {
    // An access that is neither locked nor an exchange is a plain one, whatever it is fused with.
    const plain = /^(?!lock |xchg|mfence)/
    if (kind === 'store' && ordering === 'SeqCst') return /^xchg/
    if (kind === 'load' || kind === 'store') return plain
    if (kind === 'rmw') return /^(?:lock |xchg)/
    return ordering === 'SeqCst' ? /^(?:mfence|lock or)/ : /^$/
  }
  if (kind === 'load') {
    if (ordering === 'Relaxed') return /^(?:ldr|ldur|ldp)b?$/
    return ordering === 'Acquire' && rcpc ? /^ldapu?rb?$/ : /^ldarb?$/
  }
  if (kind === 'store') return ordering === 'Relaxed' ? /^(?:str|stur|stp)b?$/ : /^stlrb?$/
  // With LSE one instruction, without it a call or a loop of exclusives.
  if (kind === 'rmw') return /^(?:ld(?:add|set|clr|eor)\w*|swp\w*|cas\w*|lda?xrb?|stl?xrb?|bl)$/
  return /^dmb$/
}

/** For each site what it became in crates/crosscore-probes: { NAME: { processor: 'mov, add' } }. */
export async function siteInstructions(sites) {
  const found = Object.fromEntries(sites.map(({ name }) => [name, {}]))
  for (const [processor, { architecture }] of Object.entries(processors)) {
    const text = await assemblyOf('codegen-probes', processor)
    const mnemonics = new Map(sites.map(({ name }) => [name, new Set()]))
    for (const { blocks } of functionsIn(text, architecture, /./)) {
      for (const instruction of blocks.flatMap(({ instructions }) => instructions)) {
        const site = siteOf(instruction, sites)
        if (site) mnemonics.get(site.name).add(withoutSize(instruction.mnemonic, architecture))
      }
    }
    for (const [name, set] of mnemonics) {
      found[name][processor] = set.size > 0 ? [...set].sort().map((mnemonic) => `\`${mnemonic}\``).join(', ') : 'none'
    }
  }
  return found
}

/** `movq` and `movzbl` are both `mov`: the width is the value's, not the ordering's. */
function withoutSize(mnemonic, architecture) {
  if (architecture === 'x86_64') return mnemonic.replace(/^movz\w+$/, 'mov').replace(/[bwlq]$/, '')
  return mnemonic.replace(/^(ld|st)(r|ar|apr|lr|ur)b$/, '$1$2')
}
