// npm run test:codegen [-- --quick | --accept]
//
// Reads the machine code of the shipped operations on x86-64 and on AArch64, without and with RCpc:
//   - the way through each that does not look at the other side has no call, lock, exchange or barrier;
//   - on it the cursor is published exactly once, by a plain `mov` (x86-64) or one `stlr` (AArch64);
//   - the other side's cursor is not read on it;
//   - every access is the instruction that its ordering asks for;
//   - the sites are the instructions of the litmus tests that the crate rests on (proofs/litmus).
// Then wrong programs are compiled, and each has to be found wrong. Instruction counts come last, by callgrind.
// --quick leaves out the wrong programs; --accept writes the counts down as those to compare with.

import { parseArgs } from 'node:util'
import { assemblyOf, processors } from './codegen-builds.mjs'
import { wrongOrderings, wrongProbes, wrongSources } from './codegen-mutants.mjs'
import { faultsOf, probes } from './codegen-rules.mjs'
import { reportInstructionCounts } from './instruction-counts.mjs'
import { litmusFaults } from './litmus.mjs'
import { orderingSites } from './ordering-sites.mjs'
import { patchedCopy } from './patched-copy.mjs'
import { siteInstructions } from './site-instructions.mjs'
import { weakenedCopy } from './weakened-copy.mjs'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, accept: { type: 'boolean' } } })
let passed = 0
let failed = 0

for (const processor of Object.keys(processors)) {
  const text = await assemblyOf('codegen-probes', processor)
  for (const [name, rule] of Object.entries(probes)) {
    const { faults, summary } = faultsOf(name, rule, text, processor, orderingSites())
    verdict(faults.length === 0, `${processors[processor].title} ${name}: ${faults.join('; ') || summary}`)
  }
}
for (const { what, faults } of litmusFaults(await siteInstructions(orderingSites()))) {
  verdict(faults.length === 0, [what, ...faults].join('; '))
}
if (!options.quick) await findTheWrongOnes()
await reportInstructionCounts({ accept: options.accept })
console.log(`${passed} passed, ${failed} failed`)
if (failed > 0) process.exitCode = 1

async function findTheWrongOnes() {
  for (const { processor, program, probe, like, because } of wrongProbes) {
    const text = await assemblyOf(program, processor)
    expectFaults(`${processor}: ${probe}`, faultsOf(probe, probes[like], text, processor, orderingSites()), because)
  }
  for (const { processor, weaken, probe, because } of wrongOrderings) {
    const text = await assemblyOf('codegen-probes', processor, { source: weakenedCopy(weaken) })
    expectFaults(`${processor}: ${weaken} in ${probe}`, faultsOf(probe, probes[probe], text, processor, orderingSites()), because)
  }
  for (const { processor, name, patches, probe, because } of wrongSources) {
    const source = patchedCopy(name, patches)
    const text = await assemblyOf('codegen-probes', processor, { source })
    expectFaults(`${processor}: ${name}`, faultsOf(probe, probes[probe], text, processor, orderingSites(source)), because)
  }
}

function expectFaults(what, { faults, summary }, because) {
  const fault = faults.find((text) => because.test(text))
  verdict(fault !== undefined, `wrong on purpose, ${what}: ${fault ?? `NOT FOUND WRONG (${faults.join('; ') || summary})`}`)
}

function verdict(ok, text) {
  if (ok) passed += 1
  else failed += 1
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${text}`)
}
