// Numbers about the process and about the run.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What this process holds. Where there is no /proc, only its memory is known. */
export function holdings() {
  globalThis.gc?.()
  return {
    rss: process.memoryUsage.rss() / 2 ** 20,
    fds: count('fd', (folder) => readdirSync(folder).filter((fd) => !isModule(`${folder}/${fd}`))),
    threads: count('task', readdirSync),
    maps: count('maps', (file) => readFileSync(file, 'latin1').trim().split('\n')),
  }
}

/**
 * A module that Node's loader has open. A worker that is terminated while it imports leaves such descriptors
 * open for good (seen with Node 20; the read was under way in the thread pool). They are Node's and no
 * ring's: a ring's memory is a memfd, a doorbell an eventfd.
 */
function isModule(fd) {
  try {
    return /\.m?js$/.test(readlinkSync(fd))
  } catch {
    return false
  }
}

function count(name, list) {
  try {
    return list(`/proc/self/${name}`).length
  } catch {
    return undefined
  }
}

/** The slope of the line that fits the points best. */
export function slope(points) {
  const n = points.length
  if (n < 2) return 0
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / n
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])]
  const spread = mean((point) => (point[0] - x) ** 2)
  return spread === 0 ? 0 : mean((point) => (point[0] - x) * (point[1] - y)) / spread
}
