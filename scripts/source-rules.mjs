// Rules for the Rust sources that no lint of clippy knows. Line by line, comments cut off: they hold
// for code that rustfmt has laid out.

import { testsBegin } from './spec-matrix.mjs'

const CRATE = 'crates/crosscore/src/'
const ADDON = 'crates/crosscore-node/src/'

/** The one place that needs a total order (INV-PARK-1), and so a fence. */
const FENCES = `${CRATE}park/handshake.rs`
/** Where orderings and atomics come from. */
const SEAM = new RegExp(`^${CRATE}(ordering\\.rs|sync/|sync\\.rs)`)
/** On macOS mirrored memory takes a name that is new in the process, and numbers them. */
const ATOMICS_OF_ITS_OWN = `${CRATE}alloc/mirrored/macos.rs`

const code = (line) => line.replace(/\/\/.*/, '')
const isComment = (line) => /^\s*\/\//.test(line)

/** Whether the `unsafe` of a line has a SAFETY comment above its statement that names an invariant. */
function isJustified(lines, number) {
  let above = number
  while (above > 0 && !isComment(lines[above - 1])) {
    const before = code(lines[above - 1]).trim()
    if (!before.startsWith('#[') && (before === '' || /[;{}]$/.test(before))) return false
    above -= 1
  }
  let first = above
  while (first > 0 && isComment(lines[first - 1])) first -= 1
  return /SAFETY:[^]*\bINV-[A-Z]+-\d+/.test(lines.slice(first, above).join('\n'))
}

/** Whether a line executes a fence, and with an ordering that is no name of `ordering.rs`. */
function fence(line) {
  const given = /\bfence\(([^)]*)\)?/.exec(line)?.[1]
  if (given === undefined || (given === '' && !line.trim().endsWith('fence('))) return undefined
  return { isNamed: /^[A-Z_]+$/.test(given) }
}

/** What breaks the rules, a line each. `files` maps paths to texts. */
export function ruleFaults(files) {
  const faults = []
  for (const [file, text] of files) {
    const isCrate = file.startsWith(CRATE)
    if (!isCrate && !file.startsWith(ADDON)) continue
    const lines = text.split('\n')
    const fault = (number, what) => faults.push(`${file}:${number + 1}: ${what}`)
    let fences = 0
    let atomics = 0
    lines.forEach((line, number) => {
      const bare = code(line)
      if (/\bunsafe\s*(\{|impl\b|$)/.test(bare) && !isJustified(lines, number)) {
        fault(number, 'unsafe without a SAFETY comment that names an invariant')
      }
      if (!isCrate || number >= testsBegin(lines)) return
      const found = fence(bare)
      if (found) fences += 1
      const chosen = /Ordering::|Relaxed|AcqRel|SeqCst|sync::atomic/.test(bare) || (found && !found.isNamed)
      if (chosen) atomics += 1
      if (SEAM.test(file)) return
      if (found && file !== FENCES) {
        fault(number, 'a fence')
      } else if (chosen && file !== ATOMICS_OF_ITS_OWN) {
        fault(number, 'an ordering or an atomic that does not come from ordering.rs or sync')
      }
    })
    if (file === FENCES && fences === 0) faults.push(`${file}: no fence is left, and none is expected elsewhere`)
    if (file === ATOMICS_OF_ITS_OWN && atomics === 0) faults.push(`${file}: needs no exception any more`)
  }
  return faults
}
