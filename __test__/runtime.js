// What runs the specs, for what is V8's or Node's alone: other runtimes say a version of Node too.

import test from 'ava'

/** Bun, Deno and Electron name themselves beside it. */
export const isNode = ['bun', 'deno', 'electron'].every((name) => process.versions[name] === undefined)

/** A test of what only V8 and libuv show. Elsewhere it is skipped, and counted as such. */
export const onNode = isNode ? test : test.skip

/** What rings of 'value' need. Bun's node:v8 has the class alone. */
export const hasSerializer = process.versions.bun === undefined
