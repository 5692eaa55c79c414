// 64-character log lines, ASCII as most log lines are. Pooled: a line is told from its neighbours by its number,
// so a loss or a change of order shows unless it is a multiple of the pool's size; the total is counted as well.

export const LINE_LENGTH = 64;
export const LINES = 1024;
export const LINES_MASK = LINES - 1;

/** @returns {string[]} */
export function makeLines() {
  return Array.from({ length: LINES }, (_, i) => {
    const number = String(i).padStart(4, '0');
    const line = `{"level":30,"time":1795500000${number},"msg":"request ${number} served"}`;
    // Flattened by way of a buffer: a rope of concatenations would be timed at its first use.
    return Buffer.from(line.padEnd(LINE_LENGTH - 1, '.') + '\n', 'latin1').toString('latin1');
  });
}
