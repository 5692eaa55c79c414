// Logs, and ends: by end(), process.exit(), an uncaught error, or with a writer that crashes.

import pino from 'pino'
import { ringDestination } from './destination.js'

const [ending, file, count] = process.argv.slice(2)
const LINES = Number(count)
const destination = ringDestination({ file, crashAfter: ending === 'crash' ? 10 : undefined })
const log = pino({ base: undefined }, destination)

if (ending === 'crash') destination.on('error', () => {})
for (let n = 0; n < LINES; n++) {
  log.info({ n, user: 'somebody' }, 'request completed')
  // A program does other things, too.
  if (n % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
}

switch (ending) {
  case 'end':
    await destination.end()
    break
  case 'exit':
    process.exit()
    break
  case 'throw':
    throw new Error('uncaught, on purpose')
  case 'crash':
    await destination.end()
    console.log(JSON.stringify({ written: destination.written, lost: destination.lost }))
}
