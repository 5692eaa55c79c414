// Jobs from one thread to several and their answers back; one of the workers crashes: node examples/worker-pool/main.js
//
// Each worker has two rings of its own. `spread` gives a job to the worker with the most room, `merge` reads all answers
// as one. What a crashed worker had not answered is given to the others, and another worker takes its place.

import { Worker } from 'node:worker_threads'
import { createRing, merge, spread } from 'crosscore'

const WORKERS = 3
const JOBS = 5000
/** The first worker crashes when it has answered so many. */
const CRASH_AFTER = 30

/** Answers by job. */
const answers = new Map()
/** Jobs that were given and not answered, by job: the ring that they went to. */
const given = new Map()
/** The ring of jobs that belongs to a ring of answers. */
const jobsOf = new Map()
let crashes = 0
let givenAgain = 0
let twice = 0

const jobs = spread([], { by: 'least-full' })
const results = merge([], {
  // Everything that the worker had answered before it ended has been read here.
  onEnd(answers) {
    const lost = [...given].filter(([, ring]) => ring === jobsOf.get(answers)).map(([job]) => job)
    if (lost.length === 0) return
    hire()
    givenAgain += lost.length
    for (const job of lost) give(job)
  },
})

function hire(crashAfter = Infinity) {
  const forJobs = createRing({ of: 'f64', capacity: 64, memory: 'heap' })
  const forAnswers = createRing({ of: 'f64', capacity: 1024 })
  const workerData = { jobs: forJobs.consumer.move(), answers: forAnswers.producer.move(), crashAfter }
  new Worker(new URL('./worker.js', import.meta.url), { workerData }).on('error', () => crashes++)
  jobsOf.set(forAnswers.consumer, forJobs.producer)
  jobs.add(forJobs.producer)
  results.add(forAnswers.consumer)
}

async function give(job) {
  const ring = await jobs.send(job)
  // The answer may have been quicker.
  if (!answers.has(job)) given.set(job, ring)
}

async function giveAll() {
  for (let job = 1; job <= JOBS; job++) await give(job)
}

async function collect() {
  // An answer is a job and its result, committed together: an even batch never parts them.
  for await (const batch of results.batches(1024)) {
    for (let i = 0; i < batch.length; i += 2) {
      if (answers.has(batch[i])) twice++
      answers.set(batch[i], batch[i + 1])
      given.delete(batch[i])
    }
    // Workers end when their rings of jobs do, and with them all this.
    if (answers.size === JOBS) jobs.close()
  }
}

hire(CRASH_AFTER)
for (let n = 1; n < WORKERS; n++) hire()
await Promise.all([giveAll(), collect()])

const total = [...answers.values()].reduce((sum, steps) => sum + steps, 0)
let expected = 0
for (let job = 1; job <= JOBS; job++) {
  for (let n = job; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) expected++
}
const right = answers.size === JOBS && total === expected && twice === 0
console.log(
  `${answers.size} jobs answered, ${crashes} worker crashed, ${givenAgain} jobs given again, ${twice} answered twice: ${right ? 'right' : 'WRONG'}`,
)
if (!right) process.exitCode = 1
