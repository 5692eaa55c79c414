// The ring and postMessage in turn, with the same file, several times over.

import { runPair } from './pair.js'
import { throughPostMessage, throughRing } from './routes.js'

/**
 * Runs both and gives, for each, the medians over the rounds, and whether every round delivered exactly `reference`.
 *
 * `watch(label, received)` is told of each run: `received` is an Int32Array with the KiB hashed so far.
 */
export async function compare(file, reference, { spoil, watch }) {
  const rounds = roundsFor(reference.bytes)
  const runs = { ring: [], postMessage: [] }
  for (let round = 0; round < rounds; round++) {
    // In turn, so that neither is always the one that finds the processor warm.
    const order = round % 2 === 0 ? ['ring', 'postMessage'] : ['postMessage', 'ring']
    for (const name of order) {
      const received = new SharedArrayBuffer(4)
      watch?.(name, new Int32Array(received))
      const route = name === 'ring' ? throughRing : throughPostMessage
      // Only the ring's bytes are spoilt on request.
      const chunks = { file, bytes: reference.bytes, spoil: spoil && name === 'ring' }
      const { reader, hasher } = route(chunks, received)
      runs[name].push(await runPair(reader, hasher))
    }
  }
  const arrived = ({ bytes, sha256 }) => bytes === reference.bytes && sha256 === reference.sha256
  const ring = summary(runs.ring)
  const postMessage = summary(runs.postMessage)
  return {
    rounds,
    messages: runs.ring[0].messages,
    verified: [...runs.ring, ...runs.postMessage].every(arrived),
    failed: Object.keys(runs).filter((name) => !runs[name].every(arrived)),
    ring,
    postMessage,
    // An empty file says nothing about speed.
    speedup: reference.bytes === 0 ? null : rounded(postMessage.seconds / ring.seconds, 3),
  }
}

/** How often each is run: once a large file, whose time is long enough to mean something, and once a tiny one, whose time never does. */
export function roundsFor(bytes) {
  if (bytes > 2 ** 30 || bytes < 2 ** 20) return 1
  return bytes > 2 ** 28 ? 3 : 5
}

function summary(runs) {
  const seconds = median(runs.map((run) => run.seconds))
  const [{ bytes, messages }] = runs
  return {
    seconds: rounded(seconds, 6),
    mbPerSecond: rounded(bytes / 1e6 / seconds, 1),
    messagesPerSecond: Math.round(messages / seconds),
    cpuSeconds: rounded(median(runs.map((run) => run.cpuSeconds)), 6),
  }
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
}

function rounded(number, digits) {
  return Number(number.toFixed(digits))
}
