// Other runtimes than Node. Each comes from the npm registry, as a program of its own.

import assert from 'node:assert'
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../package-bin.mjs'
import { readmeExample, SUM } from '../package-test/readme-example.mjs'

export const runtimes = {
  async bun(make) {
    const app = await make({ tools: { bun: '1.4.5' } })
    // Its install script puts the program there.
    const bun = app.tool('bun', 'bin', 'bun.exe')
    console.log(`       bun ${await app.must([bun, '--version'])}`)
    await examples(app, [bun], ['example.mjs', 'example.cjs', 'example.mts'])
  },

  async deno(make) {
    const app = await make({ tools: { deno: '2.9.6' } })
    const deno = app.tool('@deno', 'linux-x64-glibc', 'deno')
    console.log(`       ${(await app.must([deno, '--version'])).split('\n')[0]}`)
    await examples(app, [deno, 'run', '-A'], ['example.mjs'])
  },
}

async function examples(app, start, files) {
  for (const [file, text] of Object.entries(readmeExample())) app.write(file, text)
  copyFileSync(path.join(root, 'scripts', 'package-test', 'moved-handle.mjs'), app.path('moved-handle.mjs'))
  for (const file of files) assert.equal(await app.must([...start, file]), SUM)
  assert.equal(await app.must([...start, 'moved-handle.mjs']), 'moved')
}
