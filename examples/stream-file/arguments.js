// What the command line asks for, or what is wrong with it.

export const USAGE = 'usage: npm start [-- FILE] [--json] [--spoil]'

/** What is wrong, in one line for whoever typed it. */
export class UsageError extends Error {}

/** Reads `[FILE] [--json] [--spoil] [--help]`; after `--` everything is a file. */
export function readArguments(words) {
  const asked = { file: undefined, json: false, spoil: false, help: false }
  const files = []
  const end = words.includes('--') ? words.indexOf('--') : words.length
  for (const word of words.slice(0, end)) {
    if (word === '--json') asked.json = true
    else if (word === '--spoil') asked.spoil = true
    else if (word === '--help' || word === '-h') asked.help = true
    else if (word.startsWith('-')) throw new UsageError(`unknown option ${word}; ${USAGE}`)
    else files.push(word)
  }
  files.push(...words.slice(end + 1))
  if (files.length > 1) throw new UsageError(`one file at a time, not ${files.length}; ${USAGE}`)
  asked.file = files[0] ?? process.execPath
  return asked
}
