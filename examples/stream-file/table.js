// The end of a run for people.

const whole = new Intl.NumberFormat('en')
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })

export function table({ file, bytes, messages, sha256, rounds, verified, ring, postMessage, speedup }) {
  const columns = ['', 'time', 'MB/s', 'messages/s', 'CPU time']
  const row = (name, { seconds, mbPerSecond, messagesPerSecond, cpuSeconds }) => [
    name,
    `${seconds.toFixed(3)} s`,
    tenths.format(mbPerSecond),
    whole.format(messagesPerSecond),
    `${cpuSeconds.toFixed(3)} s`,
  ]
  return [
    `${file}: ${whole.format(bytes)} bytes in ${whole.format(messages)} messages; ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}`,
    '',
    ...aligned([columns, row('ring', ring), row('postMessage', postMessage)]),
    '',
    `speed-up  ${speedup === null ? 'none to tell: the file is empty' : `${speedup.toFixed(2)} x`}`,
    `verified  ${verified ? `yes, each round: SHA-256 ${sha256}` : 'NO'}`,
  ].join('\n')
}

function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map(([name, ...cells]) =>
    [name.padEnd(widths[0]), ...cells.map((cell, i) => cell.padStart(widths[i + 1]))].join('   ').trimEnd(),
  )
}
