// What thread-stream runs in its worker for compare.js: a stream into the file, as little as can be.

import { createWriteStream } from 'node:fs'

export default ({ file }) => createWriteStream(file)
