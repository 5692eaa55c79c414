// The bar that is drawn while the file goes through.

const WIDTH = 32
const EVERY_MS = 50

/** Draws on `stream`, a terminal, how far `runs` runs over `bytes` bytes each have come. */
export function makeProgress(stream, bytes, runs) {
  const total = Math.max(1, Math.floor(bytes / 1024))
  let current
  let finished = -1
  const draw = () => {
    const [label, received] = current
    const fraction = Math.min(1, (finished + Math.min(1, received[0] / total)) / runs)
    const full = Math.round(fraction * WIDTH)
    const percent = `${Math.floor(fraction * 100)} %`.padStart(5)
    const line = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${percent}  run ${finished + 1} of ${runs}: ${label}`
    // In a narrow window a cut line is better than one that wraps and cannot be drawn over.
    stream.write(`\r\u001B[2K${[...line].slice(0, (stream.columns || 80) - 1).join('')}`)
  }
  let timer
  return {
    /** A run begins; the one before is over. */
    watch(label, received) {
      current = [label, received]
      finished++
      draw()
      timer ??= setInterval(draw, EVERY_MS)
    },
    /** Takes the bar away. */
    clear() {
      clearInterval(timer)
      stream.write('\r\u001B[2K')
    },
  }
}
