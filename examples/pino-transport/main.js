// Log lines from a thread that works to a file that a worker writes, by pino: node examples/pino-transport/main.js
//
// Four programs log 20,000 lines each and end in their own ways; then the lines in their files are counted.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const LINES = 20_000
const program = fileURLToPath(new URL('./program.js', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-pino-'))
let right = true
try {
  for (const ending of ['end', 'exit', 'throw', 'crash']) {
    const file = path.join(folder, ending)
    const { stdout } = spawnSync(process.execPath, [program, ending, file, String(LINES)], { encoding: 'utf8' })
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line))
    const inOrder = lines.every(({ n }, at) => n === at)
    if (ending === 'crash') {
      // The writer fails in the middle: what it had written and what was lost is all there was.
      const { written, lost } = JSON.parse(stdout)
      const exact = inOrder && written === lines.length && written + lost === LINES && lost > 0
      right &&= exact
      console.log(`the writer crashed: ${exact ? 'every line is in the file or counted as lost' : `${lines.length} lines, told: ${stdout}`}`)
    } else {
      const whole = inOrder && lines.length === LINES
      right &&= whole
      console.log(`${ending}: ${lines.length} lines of ${LINES}, ${inOrder ? 'in order' : 'NOT in order'}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
console.log(right ? 'right' : 'WRONG')
if (!right) process.exitCode = 1
