// The main job: npm start, and every way in which it may be asked for something impossible.

import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const main = fileURLToPath(new URL('../examples/stream-file/main.js', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-stream-file-'))

test.after.always(() => rmSync(folder, { recursive: true, force: true }))

function streamFile(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

function write(name, content) {
  const file = path.join(folder, name)
  writeFileSync(file, content)
  return file
}

function sha256(content) {
  return createHash('sha256').update(content).digest('hex')
}

/** One line on stderr that says what is wrong, nothing on stdout. */
function refused(t, { code, stdout, stderr }, pattern) {
  t.not(code, 0)
  t.is(stdout, '')
  t.regex(stderr, pattern)
  t.is(stderr.split('\n').length, 2, stderr)
}

test('--json gives one line, and every byte has arrived', async (t) => {
  const content = randomBytes(3_000_001)
  const file = write('three megabytes', content)
  const { code, stdout, stderr } = await streamFile(file, '--json')
  t.is(code, 0, stderr)
  t.is(stderr, '')
  t.is(stdout.split('\n').length, 2)
  const result = JSON.parse(stdout)
  t.is(result.file, file)
  t.is(result.bytes, content.length)
  t.is(result.sha256, sha256(content))
  t.true(result.verified)
  t.true(result.messages > content.length / 65_536)
  for (const way of [result.ring, result.postMessage]) {
    t.true(way.seconds > 0 && way.mbPerSecond > 0 && way.messagesPerSecond > 0 && way.cpuSeconds >= 0)
  }
  t.true(Math.abs(result.speedup - result.postMessage.seconds / result.ring.seconds) < 0.01 * result.speedup)
})

test('without --json there is a table, and no progress bar where there is no terminal', async (t) => {
  const content = randomBytes(100_000)
  const { code, stdout, stderr } = await streamFile(write('table', content))
  t.is(code, 0)
  t.is(stderr, '')
  t.regex(stdout, /^ring .* s\b/m)
  t.regex(stdout, /^postMessage .* s\b/m)
  t.regex(stdout, /^speed-up +[\d.]+ x$/m)
  t.true(stdout.includes(`verified  yes, each round: SHA-256 ${sha256(content)}`))
})

for (const size of [1, 7, 8, 65_536]) {
  test(`a file of ${size} bytes`, async (t) => {
    const content = randomBytes(size)
    const { code, stdout } = await streamFile('--json', write(`${size}`, content))
    t.is(code, 0)
    const { bytes, sha256: hash, verified } = JSON.parse(stdout)
    t.deepEqual({ bytes, hash, verified }, { bytes: size, hash: sha256(content), verified: true })
  })
}

test('an empty file is verified and says nothing about speed', async (t) => {
  const file = write('empty', '')
  const { code, stdout } = await streamFile('--json', file)
  t.is(code, 0)
  const { bytes, messages, sha256: hash, verified, speedup } = JSON.parse(stdout)
  t.deepEqual(
    { bytes, messages, hash, verified, speedup },
    { bytes: 0, messages: 0, hash: sha256(''), verified: true, speedup: null },
  )
  const shown = await streamFile(file)
  t.is(shown.code, 0)
  t.notRegex(shown.stdout, /NaN|Infinity|null/)
})

test('one flipped bit is noticed', async (t) => {
  const content = randomBytes(500_000)
  const file = write('spoilt', content)
  const { code, stdout, stderr } = await streamFile(file, '--json', '--spoil')
  t.is(code, 1)
  const result = JSON.parse(stdout)
  t.false(result.verified)
  t.is(result.sha256, sha256(content), "the file's own")
  t.regex(stderr, /not verified: what came by ring is not/)
  t.regex((await streamFile(file, '--spoil')).stdout, /^verified {2}NO$/m)
})

test('a missing file', async (t) => {
  const file = path.join(folder, 'missing')
  refused(t, await streamFile(file), /missing: there is no such file/)
  refused(t, await streamFile(file, '--json'), /missing: there is no such file/)
})

test('a directory', async (t) => {
  const file = path.join(folder, 'directory')
  mkdirSync(file)
  refused(t, await streamFile(file, '--json'), /is a directory, not a file/)
})

// Root may read everything, and Windows has no such mode.
const guarded = process.platform !== 'win32' && process.getuid() !== 0 ? test : test.skip
guarded('an unreadable file', async (t) => {
  const file = path.join(folder, 'unreadable')
  writeFileSync(file, 'secret', { mode: 0o000 })
  refused(t, await streamFile(file, '--json'), /unreadable: permission denied/)
})

test('an unknown option, and two files', async (t) => {
  refused(t, await streamFile('--jsno'), /unknown option --jsno; usage:/)
  refused(t, await streamFile('-x', '--json'), /unknown option -x; usage:/)
  const file = write('twice', 'x')
  refused(t, await streamFile(file, file), /one file at a time, not 2; usage:/)
  refused(t, await streamFile('--', '--json'), /--json: there is no such file/)
})

test('--help', async (t) => {
  const { code, stdout } = await streamFile('--help')
  t.is(code, 0)
  t.regex(stdout, /^usage: npm start/)
})
