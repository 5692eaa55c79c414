// A thread without crosscore, busy: how long terminate() takes on this machine as it is now.

import { parentPort } from 'node:worker_threads'

parentPort.postMessage('begun')
for (;;);
