// Bundlers, and single executables. Each bundle is run where its package lies in node_modules, and then in a folder of its
// own that has the bundle and the binary beside it, and nothing else.

import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { freePort } from '../local-registry.mjs'
import { npmProgram } from '../npm-tool.mjs'
import { readmeExample, SUM } from '../package-test/readme-example.mjs'
import { PATIENCE } from '../processes.mjs'

// webpack's own `new Worker(new URL(…))` makes code that does not run in this version; two entries do.
const MAIN = `const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { createRing } = require('crosscore')
const { producer, consumer } = createRing({ of: 'f64', capacity: 4096 })
const worker = new Worker(path.join(__dirname, 'worker.cjs'), { workerData: consumer.move() })
worker.on('message', (sum) => console.log(sum))
for (let n = 1; n <= 1_000_000; n++) producer.pushSync(n)
producer.close()
`
const WORKER = `import { parentPort, workerData } from 'node:worker_threads'
import { Consumer } from 'crosscore'
const consumer = Consumer.from(workerData)
let sum = 0
consumer.ready().then(async function more(open) {
  if (!open) return parentPort.postMessage(sum)
  consumer.drain((n) => (sum += n))
  return more(await consumer.ready())
})
`

export const bundlers = {
  async esbuild(make) {
    const app = await make({ tools: { esbuild: '0.28.2' } })
    for (const [file, text] of Object.entries(readmeExample())) app.write(file, text)
    const esbuild = (from, format, to) => app.must([app.tool('esbuild', 'bin', 'esbuild'), from, '--bundle', '--platform=node', `--format=${format}`, `--outfile=${to}`, '--log-level=warning'])
    await esbuild('example.mjs', 'esm', 'out/example.mjs')
    await runs(app, 'out', 'example.mjs')
    // require of the package; and an import of it, whose import.meta.url is empty in this format.
    await esbuild('example.cjs', 'cjs', 'out-cjs/example.cjs')
    await runs(app, 'out-cjs', 'example.cjs')
    app.write('imported.ts', readmeExample()['example.cts'])
    await esbuild('imported.ts', 'cjs', 'out-imported/imported.cjs')
    await runs(app, 'out-imported', 'imported.cjs')
  },

  async rollup(make) {
    const app = await make({ tools: { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3' } })
    app.write('example.mjs', readmeExample()['example.mjs'])
    for (const [format, file] of [
      ['es', 'example.mjs'],
      ['cjs', 'example.cjs'],
    ]) {
      if (format === 'cjs') app.write('example.mjs', wrapped())
      await app.start([app.tool('rollup', 'dist', 'bin', 'rollup'), 'example.mjs', '-p', 'node-resolve', '-f', format, '-o', `out-${format}/${file}`, '--silent'])
      await runs(app, `out-${format}`, file)
    }
  },

  async webpack(make) {
    const app = await make({ tools: { webpack: '5.112.2', 'webpack-cli': '7.3.1' } })
    app.write('main.js', MAIN)
    app.write('worker.mjs', WORKER)
    app.write('webpack.config.cjs', `module.exports = { mode: 'production', target: 'node20', entry: { main: './main.js', worker: './worker.mjs' }, output: { filename: '[name].cjs' }, node: { __dirname: false } }`)
    await app.start([app.tool('webpack', 'bin', 'webpack.js'), '--config', 'webpack.config.cjs', '--output-path', app.path('out')])
    await runs(app, 'out', 'main.cjs')
  },

  async vite(make) {
    const app = await make({ tools: { vite: '8.3.8' } })
    app.write('example.mjs', readmeExample()['example.mjs'])
    for (const [folder, inside] of [
      ['out-external', false],
      ['out', true],
    ]) {
      app.write('vite.config.mjs', `export default { ${inside ? 'ssr: { noExternal: true }, ' : ''}logLevel: 'warn' }`)
      await app.start([app.tool('vite', 'bin', 'vite.js'), 'build', '--ssr', 'example.mjs', '--outDir', folder])
      const [file] = readdirSync(app.path(folder))
      if (inside) await runs(app, folder, file)
      // The package is not in this one: node_modules has to be.
      else assert.equal(await app.start([path.join(folder, file)]), SUM)
    }
  },

  async next(make) {
    const app = await make({})
    // Beside the package: next looks for itself and for react from the app.
    await app.must([process.execPath, npmProgram(), 'install', 'next@16.4.6', 'react@19.2.0', 'react-dom@19.2.0', '--no-audit', '--no-fund', '--loglevel=error'])
    app.write('next.config.mjs', `export default { serverExternalPackages: ['crosscore'], output: 'standalone', outputFileTracingRoot: import.meta.dirname }`)
    app.write('app/layout.js', `export default function Layout({ children }) { return <html><body>{children}</body></html> }`)
    app.write(
      'app/value/route.js',
      `import { createRing } from 'crosscore'
export const dynamic = 'force-dynamic'
export function GET() {
  const { producer, consumer } = createRing({ of: 'f64', capacity: 64 })
  producer.push(42)
  return Response.json(consumer.pop())
}
`,
    )
    const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }
    await app.start([app.path('node_modules', 'next', 'dist', 'bin', 'next'), 'build'], { env })
    // The standalone server holds what tracing found; the binary has to be among it.
    const port = await freePort()
    const server = spawn(app.node, ['server.js'], { cwd: app.path('.next', 'standalone'), env: { ...process.env, ...env, PORT: String(port), HOSTNAME: '127.0.0.1' }, stdio: 'ignore' })
    try {
      assert.equal(await answer(`http://127.0.0.1:${port}/value`), '42')
    } finally {
      server.kill()
    }
  },

  async sea(make) {
    const app = await make({ tools: { esbuild: '0.28.2', postject: '1.0.0-alpha.6' } })
    // A worker of a single executable has no file of its own: its program is given as text.
    app.write(
      'main.cjs',
      `const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads')
const { createRing, Consumer } = require('crosscore')
const { producer, consumer } = createRing({ of: 'f64', capacity: 4096 })
let sum = 0
for (let n = 1; n <= 1000; n++) { producer.push(n); sum += consumer.pop() }
console.log(sum)
`,
    )
    await app.must([app.tool('esbuild', 'bin', 'esbuild'), 'main.cjs', '--bundle', '--platform=node', '--format=cjs', '--outfile=bundle.cjs', '--log-level=warning'])
    app.write('sea.json', JSON.stringify({ main: 'bundle.cjs', output: 'blob', disableExperimentalSEAWarning: true }))
    await app.start(['--experimental-sea-config', 'sea.json'])
    const program = app.path('out', 'program')
    mkdirSync(path.dirname(program))
    copyFileSync(app.node, program)
    chmodSync(program, 0o755)
    const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
    await app.start([app.tool('postject', 'dist', 'cli.js'), program, 'NODE_SEA_BLOB', 'blob', '--sentinel-fuse', fuse])
    const [binary] = binaries(app.path('node_modules'))
    copyFileSync(binary, path.join(path.dirname(program), path.basename(binary)))
    const alone = mkdtempSync(path.join(tmpdir(), 'crosscore-sea-'))
    try {
      cpSync(path.dirname(program), alone, { recursive: true })
      assert.equal(await app.must([path.join(alone, 'program')], { cwd: alone }), '500500')
    } finally {
      rmSync(alone, { recursive: true, force: true })
    }
  },
}

/** Runs the bundle in its place, and then alone with the binary beside it. */
async function runs(app, folder, file) {
  assert.equal(await app.start([path.join(folder, file)]), SUM)
  const alone = mkdtempSync(path.join(tmpdir(), 'crosscore-bundle-'))
  // Out of sight: webpack writes down where the sources lay.
  const away = app.path('away')
  renameSync(app.path('node_modules'), away)
  try {
    cpSync(app.path(folder), alone, { recursive: true })
    const without = await app.run([app.node, file], { cwd: alone })
    assert.match(without.output, /crosscore: no binary for/, 'it found a binary that is not there')
    for (const binary of binaries(away)) copyFileSync(binary, path.join(alone, path.basename(binary)))
    assert.equal(await app.start([file], { cwd: alone }), SUM)
  } finally {
    renameSync(away, app.path('node_modules'))
    rmSync(alone, { recursive: true, force: true })
  }
}

function binaries(modules) {
  return readdirSync(modules)
    .filter((name) => name.startsWith('crosscore-'))
    .map((name) => path.join(modules, name, `crosscore.${name.slice('crosscore-'.length)}.node`))
}

/** README's example as an ES module that a CommonJS bundle can hold: without top-level await. */
function wrapped() {
  const text = readmeExample()['example.mjs']
  const last = text.lastIndexOf("from 'crosscore'\n") + "from 'crosscore'\n".length
  return `${text.slice(0, last)};(async () => {${text.slice(last)}})()\n`
}

async function answer(url) {
  for (const end = Date.now() + 30_000 * PATIENCE; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const response = await fetch(url).catch(() => undefined)
    if (response) return response.text()
  }
  throw new Error(`no answer within ${30 * PATIENCE} s`)
}
