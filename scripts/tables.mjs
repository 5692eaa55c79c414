// Tables, for a terminal and in Markdown.

/**
 * Cells in columns, which are set to the right where they hold figures.
 *
 * @param {string[][]} lines the first one is of headings
 * @param {string} [indent]
 */
export function columns(lines, indent = '') {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  const right = lines[0].map((_, i) => i > 0 && lines.slice(1).every((line) => /^(?:-|[\d.,]+.*|)$/.test(line[i])))
  const set = (cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))
  return lines.map((line) => indent + line.map(set).join('  ').trimEnd()).join('\n')
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @param {(column: number) => boolean} [toTheRight] which columns hold figures
 */
export function markdown(head, rows, toTheRight = () => false) {
  const rule = head.map((_, i) => (toTheRight(i) ? '---:' : '---'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
