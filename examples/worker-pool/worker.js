// Takes jobs and answers them, until there are no more.

import { workerData } from 'node:worker_threads'
import { Consumer, Producer } from 'crosscore'

const jobs = Consumer.from(workerData.jobs)
const answers = Producer.from(workerData.answers)

let answered = 0
for await (const job of jobs) {
  // A job: how many steps the Collatz sequence takes from here to 1.
  let steps = 0
  for (let n = job; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps++

  let answer
  while ((answer = answers.reserve(2)) === null) {
    if (!(await answers.ready(2))) process.exit()
  }
  answer[0] = job
  answer[1] = steps
  answers.commit()
  if (++answered === workerData.crashAfter) throw new Error('this worker crashes on purpose')
}
