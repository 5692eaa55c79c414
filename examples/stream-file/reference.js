// The file's own length and SHA-256, by one thread that knows nothing of chunks, rings or ports.

import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'

/** What is wrong with the file, in one line. */
export class FileError extends Error {}

const REASONS = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory, not a file',
}

/** Reads the whole file once, which also leaves it in the page cache for the runs that are timed. */
export function readReference(file) {
  let fd
  try {
    // Before it is opened: opening a pipe waits for somebody to write into it.
    const about = statSync(file)
    if (about.isDirectory()) throw new FileError(`${file}: ${REASONS.EISDIR}`)
    if (!about.isFile()) throw new FileError(`${file}: is not a regular file`)
    fd = openSync(file, 'r')
    const hash = createHash('sha256')
    const block = new Uint8Array(2 ** 20)
    let bytes = 0
    for (let count; (count = readSync(fd, block)) > 0; bytes += count) hash.update(block.subarray(0, count))
    return { bytes, sha256: hash.digest('hex') }
  } catch (error) {
    if (error instanceof FileError) throw error
    throw new FileError(`${file}: ${REASONS[error.code] ?? error.message}`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
