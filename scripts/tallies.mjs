// Reads how many tests passed and failed from what a checker prints. Undefined when it says nothing.

/** `test result: ok. 12 passed; 0 failed; …`, once for each test binary. */
export function cargoTally(output) {
  return sum(output, /^test result: \w+\. (\d+) passed; (\d+) failed;/gm)
}

/** ava's closing lines: `12 tests passed`, or `1 test failed` and then no word on the others. */
export function avaTally(output) {
  const numbers = (pattern) => [...output.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0)
  const failed = numbers(/^\s*(\d+) (?:tests? failed|hooks? failed|uncaught exceptions?|unhandled rejections?)/gm)
  // One tick a test; a check mark of another shape where the terminal has no Unicode.
  const passed = numbers(/^\s*(\d+) tests? passed/gm) || (output.match(/^\s*[\u2714\u221A] /gm) ?? []).length
  return passed + failed > 0 ? { passed, failed } : undefined
}

/** What ava or cargo printed, without the tests that passed, of which there are hundreds. */
export function withoutPasses(output) {
  return output.replace(/^(?:\s*[\u2714\u221A] .*|test .* \.\.\. ok)\n/gm, '')
}

/** The storm's `rounds      traffic 60, parked 8, …: 12.3 s`, and its failures by kind. */
export function stormTally(output) {
  const lines = ['rounds', 'failures'].map((name) => output.match(new RegExp(`^${name} +(.*?)(?:: [\\d.]+ s)?$`, 'm'))?.[1])
  if (lines.includes(undefined)) return undefined
  const [passed, failed] = lines.map((line) => [...line.matchAll(/ (\d+)(?:,|$)/g)].reduce((total, [, n]) => total + Number(n), 0))
  return { passed, failed }
}

function sum(output, pattern) {
  const lines = [...output.matchAll(pattern)]
  if (lines.length === 0) return undefined
  return {
    passed: lines.reduce((total, [, passed]) => total + Number(passed), 0),
    failed: lines.reduce((total, [, , failed]) => total + Number(failed), 0),
  }
}
