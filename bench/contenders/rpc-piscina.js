// The other end of rpc.js, in the worker that piscina starts.

import { workerData } from 'node:worker_threads';
import { pinThisThread } from '../harness/pinning.js';
import { answerTo } from './rpc-question.js';

// piscina puts its own beside what it was given.
const given = Array.isArray(workerData) ? workerData[1] : workerData;
pinThisThread(given?.cpu ?? null);

/** @param {any} question */
export default (question) => answerTo(question);
