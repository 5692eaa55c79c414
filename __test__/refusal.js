// What a refusal looks like: a CrosscoreError with its code, and a message that says what is meant.

import { CrosscoreError } from 'crosscore'

/** Asserts that `act` throws a CrosscoreError `ERR_CROSSCORE_<code>`, whose message fits; returns it. */
export function refuses(t, code, act, message) {
  const error = t.throws(act, { instanceOf: CrosscoreError, code: `ERR_CROSSCORE_${code}`, ...(message && { message }) })
  t.is(error?.name, 'CrosscoreError')
  return error
}

/** Asserts that an argument is refused, and that the message says what it is, what is allowed and what was given. */
export function refusesArgument(t, act, { what, allowed, given }) {
  const error = refuses(t, 'INVALID_ARG', act)
  for (const part of [what, allowed, given]) {
    if (part !== undefined) t.true(error.message.includes(part), `"${error.message}" does not say "${part}"`)
  }
}
