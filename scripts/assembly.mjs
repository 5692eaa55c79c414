// Reads the assembly text that rustc writes with -Zverbose-asm: functions, their basic blocks, and for each
// instruction the source lines that it was inlined through.

/** Mnemonics that end a block, with where control goes. */
const flow = {
  x86_64: {
    ends: /^(?:ret|jmp|ud2|int3)/,
    jump: /^jmp/,
    branch: /^j(?!mp)\w+$/,
    call: /^call/,
    comment: /\s*#.*$/,
  },
  aarch64: {
    ends: /^(?:ret|b|br|brk|udf)$/,
    jump: /^b$/,
    branch: /^(?:b\.\w+|cbn?z|tbn?z)$/,
    call: /^blr?$/,
    comment: /\s*\/\/.*$/,
  },
}

/**
 * The functions whose name `wanted` matches: [{ name, blocks }], a block being { label, instructions, next,
 * calls, leaves }. `next` are indices of blocks; `leaves` says that it returns.
 */
export function functionsIn(text, architecture, wanted) {
  const functions = []
  for (const found of text.matchAll(/^([A-Za-z_$][\w$.]*):[^\n]*\n(?:\.Lfunc_begin[^\n]*\n)/gm)) {
    if (!wanted.test(found[1])) continue
    const from = found.index + found[0].length
    const body = text.slice(from, text.indexOf('.cfi_endproc', from))
    functions.push({ name: found[1], blocks: blocksOf(body, flow[architecture]) })
  }
  return functions
}

function blocksOf(body, { ends, jump, branch, call, comment }) {
  const blocks = [{ label: undefined, instructions: [] }]
  let places = []
  const open = (label) => blocks.push({ label, instructions: [] })
  for (const line of body.split('\n')) {
    const label = line.match(/^(\.L[\w$.]+):/)?.[1]
    if (label && !/^\.L(?:tmp|func)/.test(label)) open(label)
    const loc = line.match(/^\s*\.loc\s.*?(?:#|\/\/)\s*(.*)$/)
    if (loc) places = placesIn(loc[1])
    // A prefix (lock, rep) is part of the mnemonic.
    const found = line.replace(comment, '').match(/^\s+((?:(?:lock|rep\w*)\s+)?[a-z][\w.]*)\s*(.*?)$/)
    if (loc || !found || found[1].startsWith('.')) continue
    const [, mnemonic, operands] = found
    blocks.at(-1).instructions.push({ mnemonic: mnemonic.replace(/\s+/, ' '), operands, places })
    if (ends.test(mnemonic) || branch.test(mnemonic)) open(undefined)
  }
  blocks.forEach((block, at) => {
    const last = block.instructions.at(-1)
    const target = last?.operands.match(/\.L[\w$.]+$/)?.[0]
    const to = blocks.findIndex(({ label }) => label !== undefined && label === target)
    const falls = last === undefined || !ends.test(last.mnemonic)
    block.next = [
      ...(last && (jump.test(last.mnemonic) || branch.test(last.mnemonic)) && to >= 0 ? [to] : []),
      ...(falls && at + 1 < blocks.length ? [at + 1] : []),
    ]
    // A jump out of the function is a call in tail position.
    const leavesByJump = last !== undefined && jump.test(last.mnemonic) && to < 0
    block.calls = leavesByJump || block.instructions.some(({ mnemonic }) => call.test(mnemonic))
    block.leaves = last !== undefined && last.mnemonic.startsWith('ret')
  })
  return blocks
}

/** `a.rs:3:7 @[ b.rs:5:1 ]`: inlined from a.rs into b.rs. */
function placesIn(comment) {
  return [...comment.matchAll(/([^\s[\]@]+):(\d+):(\d+)/g)].map(([, file, line, column]) => ({
    file,
    line: Number(line),
    column: Number(column),
  }))
}

/** The ways through a function from its beginning to a return without a call, each a list of instructions. */
export function waysWithoutCalls({ blocks }) {
  const ways = []
  const walk = (at, seen, before) => {
    const block = blocks[at]
    if (block.calls || seen.has(at)) return
    const instructions = [...before, ...block.instructions]
    if (block.leaves) ways.push(instructions)
    for (const next of block.next) walk(next, new Set([...seen, at]), instructions)
  }
  walk(0, new Set(), [])
  return ways
}

/** Whether an instruction touches memory. */
export function touchesMemory({ mnemonic, operands }) {
  if (/^(?:lea|nop)/.test(mnemonic)) return false
  return /\(.*\)|\[.*\]/.test(operands)
}
