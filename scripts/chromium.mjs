// The Chromium or Chrome of this machine, for those scripts whose pictures a person looks at. CHROMIUM names another one.

import { existsSync } from 'node:fs'

const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** It wants nothing from a network. */
export const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
]

/** Its path; ends the process with 2 if there is none. */
export function chromium() {
  const found = CANDIDATES.find((file) => file && existsSync(file))
  if (found) return found
  console.error('no Chromium found; CHROMIUM=/path/to/it names one')
  process.exit(2)
}
