// Sound at 48 kHz, in blocks of 128 frames, from a thread that makes it to one that plays it:
// node examples/audio/main.js [SECONDS]
//
// The player must have a block every 2.67 ms. When there is none in the ring at that moment, it plays silence: an xrun.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createRing } from 'crosscore'
import { BLOCK, RATE } from './sound.js'

const seconds = Number(process.argv[2] ?? 60)
const blocks = Math.floor((seconds * RATE) / BLOCK)

// Stereo, interleaved: a block is 256 samples. A ring of 8 blocks is 21 ms of sound.
const { producer, consumer } = createRing({ of: 'f32', capacity: 8 * 2 * BLOCK })
const player = new Worker(new URL('./player.js', import.meta.url), { workerData: { token: consumer.move(), blocks } })
const maker = new Worker(new URL('./maker.js', import.meta.url), { workerData: { token: producer.move(), blocks } })

const [{ played, xruns, wrong, latest }] = await once(player, 'message')
await Promise.all([player, maker].map((worker) => (worker.threadId === -1 ? undefined : once(worker, 'exit'))))
console.log(
  `${played} blocks in ${seconds} s, ${xruns} xruns, ${wrong} wrong samples; the player woke ${latest.toFixed(2)} ms late at the most`,
)
if (played !== blocks || wrong > 0) process.exitCode = 1
