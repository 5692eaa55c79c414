// The litmus tests of proofs/litmus that the crate rests on, and which instruction of them each site is.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'

const publication = { PUBLISH_TAIL: 'stlr' }
const reuse = { PUBLISH_HEAD: 'stlr' }
const handshake = { PUBLISH_TAIL: 'stlr', PUBLISH_HEAD: 'stlr', CHECK_PARKED: 'ldar', FENCE_PARKER: 'dmb' }

const tests = [
  { file: 'MP-stlr-ldar', processor: 'aarch64', sites: { ...publication, OBSERVE_TAIL: 'ldar' } },
  { file: 'MP-stlr-ldapr', processor: 'aarch64_rcpc', sites: { ...publication, OBSERVE_TAIL: 'ldapr' } },
  { file: 'LB-reuse-ldar-stlr', processor: 'aarch64', sites: { ...reuse, OBSERVE_HEAD: 'ldar' } },
  { file: 'LB-reuse-ldapr-stlr', processor: 'aarch64_rcpc', sites: { ...reuse, OBSERVE_HEAD: 'ldapr' } },
  { file: 'SB-asym-light-stlr-ldar-heavy-dmb', processor: 'aarch64', sites: handshake },
  { file: 'SB-asym-light-stlr-ldar-heavy-dmb', processor: 'aarch64_rcpc', sites: handshake },
]

/** For each of them { what, faults }: where the compiled crate, or the test, has another instruction. */
export function litmusFaults(instructions) {
  return tests.map(({ file, processor, sites }) => {
    const text = readFileSync(path.join(root, 'proofs', 'litmus', `${file}.litmus`), 'utf8')
    const faults = Object.entries(sites).flatMap(([site, instruction]) => {
      const compiled = instructions[site]?.[processor]
      return [
        compiled !== `\`${instruction}\`` && `${site} is ${compiled}, not \`${instruction}\``,
        !new RegExp(`\\b${instruction}\\b`, 'i').test(text) && `the test has no ${instruction}`,
      ].filter(Boolean)
    })
    const shown = Object.entries(sites).map(([site, instruction]) => `${site} \`${instruction}\``)
    return { what: `${processor}: ${file}.litmus: ${shown.join(', ')}`, faults }
  })
}
