// Other runtimes than Node. Each comes from the npm registry, as a program of its own.

import assert from 'node:assert'
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { packageBin, root } from '../package-bin.mjs'
import { readmeExample, SUM } from '../package-test/readme-example.mjs'
import { PATIENCE } from '../processes.mjs'
import { avaTally, withoutPasses } from '../tallies.mjs'

/**
 * The specs that run on Bun. Not the others: they ask for V8 or Node itself (allocation, diagnostics, entry, copies), for
 * errors of structuredClone that are Errors (rpc), or they are about this repository.
 */
const BUN_SPECS = [
  'adapters/merge-spread', 'adapters/node-streams', 'adapters/plain', 'adapters/web-streams', 'death', 'doorbell', 'drain', 'dropping',
  'encoded', 'flushed', 'framing', 'iteration', 'lane', 'lifetime', 'lying-arrays', 'messages', 'native', 'numbers', 'options',
  'peek', 'pop-many', 'properties', 'publication', 'push-many', 'reasons', 'records', 'reentry', 'reservation', 'scribble', 'signals',
  'stats', 'strings', 'strings-scribbled', 'tampering', 'threads', 'tick', 'tokens', 'visit', 'waiting-loop', 'waiting-ready', 'waiting-sync',
]
const SPECS_LIMIT_MS = 2_400_000

export const runtimes = {
  async bun(make) {
    const app = await make({ tools: { bun: '1.4.5' } })
    // Its install script puts the program there.
    const bun = app.tool('bun', 'bin', 'bun.exe')
    console.log(`       bun ${await app.must([bun, '--version'])}`)
    await examples(app, [bun], ['example.mjs', 'example.cjs', 'example.mts'])
    copyFileSync(path.join(root, 'scripts', 'compat', 'collected.mjs'), app.path('collected.mjs'))
    assert.equal(await app.must([bun, 'collected.mjs']), 'collected\nclosed')

    const specs = BUN_SPECS.map((spec) => `__test__/${spec}.spec.js`)
    const ava = [bun, '--preload', './scripts/compat/bun-ava.mjs', packageBin('ava').at(-1), '--serial', `--timeout=${10 * PATIENCE}m`, ...specs]
    const { output, ok, timedOut } = await app.run(ava, { cwd: root, limit: SPECS_LIMIT_MS, env: { CROSSCORE_TEST_SHARE: '0.01' } })
    const tally = avaTally(output)
    if (!ok || !tally || tally.failed > 0 || tally.passed === 0) throw new Error(timedOut ? 'no end' : withoutPasses(output))
    console.log(`       ${tally.passed} tests of ${specs.length} specs`)
  },

  async deno(make) {
    const app = await make({ tools: { deno: '2.9.6' } })
    const deno = app.tool('@deno', 'linux-x64-glibc', 'deno')
    console.log(`       ${(await app.must([deno, '--version'])).split('\n')[0]}`)
    // Refused before anything is loaded: it runs the example, and aborts when it collects a buffer.
    app.write('example.mjs', readmeExample()['example.mjs'])
    const { ok, output } = await app.run([deno, 'run', '-A', 'example.mjs'])
    assert.equal(ok, false)
    assert.match(stripVTControlCharacters(output), /crosscore: Deno is not supported: .* What to do: run this in Node or Bun/)
  },
}

async function examples(app, start, files) {
  for (const [file, text] of Object.entries(readmeExample())) app.write(file, text)
  copyFileSync(path.join(root, 'scripts', 'package-test', 'moved-handle.mjs'), app.path('moved-handle.mjs'))
  for (const file of files) assert.equal(await app.must([...start, file]), SUM)
  assert.equal(await app.must([...start, 'moved-handle.mjs']), 'moved')
}
