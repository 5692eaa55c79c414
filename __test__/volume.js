// How much a test of a long stream sends.

const share = Number(process.env.CROSSCORE_TEST_SHARE ?? 1)
if (!(share > 0 && share <= 1)) {
  throw new Error(`CROSSCORE_TEST_SHARE is ${process.env.CROSSCORE_TEST_SHARE}, not a number above 0 and up to 1`)
}

/**
 * `count`, or the share of it that CROSSCORE_TEST_SHARE asks for, where a processor is emulated and slower by two
 * orders of magnitude. The test's log says so, for its title names the whole.
 */
export function volume(t, count) {
  const wanted = Math.ceil(count * share)
  if (wanted < count) t.log(`${wanted} of ${count}`)
  return wanted
}
