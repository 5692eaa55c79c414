// What happens in a round: all of it follows from the seed and the number of the round, except time.

import { mixed, Random } from './random.js'

const KINDS = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'f32', 'f64', 'i64', 'u64']
const WRITING = ['poll', 'sync', 'ready', 'many', 'manySync', 'iterator', 'reserve']
const READING = ['poll', 'sync', 'ready', 'iterate', 'batches', 'popMany', 'drain', 'peek']
/** Those that leave the event loop its turns, for the main thread. */
export const MAIN_WRITING = ['ready', 'many', 'reserve']
export const MAIN_READING = ['ready', 'iterate', 'batches', 'drain']

/** How often each scenario comes; scenarios.js says what they are. */
const SCENARIOS = { traffic: 60, mainSide: 10, parked: 8, dropped: 6, unclaimed: 5, cradle: 4, exit: 4, unload: 2, taken: 2, control: 3 }

export function planOf(seed, round) {
  const random = new Random(mixed(seed) ^ mixed(round * 2 + 1))
  const of = random.chance(0.3) ? 'bytes' : random.chance(0.3) ? 'string' : random.of(KINDS)
  const messages = of === 'bytes' || of === 'string'
  const memory = random.of(['mirrored', 'heap'])
  const publish = random.of(['each', 'each', 'tick', random.between(2, 50)])
  // Small rings are full most of the time; a few are large.
  const capacity = messages ? 2 ** random.between(6, 16) : 2 ** random.between(random.chance(0.2) ? 0 : 4, 12)
  const victim = random.of(['producer', 'consumer'])
  return {
    seed,
    round,
    scenario: random.weighted(SCENARIOS),
    ring: { of, capacity, memory, publish },
    /** Messages are as long as this at most. */
    longest: messages ? Math.min(capacity - 8, random.of([0, 24, 200, 5000, 60_000])) : 0,
    writing: random.of(WRITING),
    reading: random.of(READING),
    mainWriting: random.of(MAIN_WRITING),
    mainReading: random.of(MAIN_READING),
    victim,
    death: random.weighted({ terminate: 5, throw: 2, exit: 2, close: 1 }),
    /** ms from the moment when both sides have begun, or, if `early`, from the start of the workers. */
    delay: random.chance(0.3) ? 0 : 12 * random.fraction() ** 2,
    early: random.chance(0.12),
    earlyDelay: 60 * random.fraction(),
    /** Which side does something else now and then, so that the ring is full or empty. */
    slow: random.of(['producer', 'consumer', 'both', 'neither']),
    words: random.word(),
  }
}

/** One line that says what a round does. */
export function shown({ scenario, ring, writing, reading, victim, death }) {
  return `${scenario}: ${ring.of} x ${ring.capacity} on ${ring.memory}, publish ${ring.publish}, ${writing} -> ${reading}, ${death} of the ${victim}`
}
