// Numbers about the process and about the run.

import { readdirSync, readFileSync } from 'node:fs'

/** What this process holds. Where there is no /proc, only its memory is known. */
export function holdings() {
  globalThis.gc?.()
  return {
    rss: process.memoryUsage.rss() / 2 ** 20,
    fds: count('fd', readdirSync),
    threads: count('task', readdirSync),
    maps: count('maps', (file) => readFileSync(file, 'latin1').trim().split('\n')),
  }
}

function count(name, list) {
  try {
    return list(`/proc/self/${name}`).length
  } catch {
    return undefined
  }
}

/** The `p`-th percentile. */
export function percentile(values, p) {
  if (values.length === 0) return NaN
  const sorted = Array.from(values).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)]
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
