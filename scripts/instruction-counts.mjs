// How many instructions an operation takes: by callgrind, which counts them exactly, as the difference between
// two runs. docs/instruction-counts.json holds the figures that were accepted.

import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { hasCommand, needPackages } from './debian-packages.mjs'
import { root } from './package-bin.mjs'
import { mustRun } from './processes.mjs'

const committed = path.join(root, 'docs', 'instruction-counts.json')
const [FEW, MANY] = [10_000, 20_000]
/** A change of more than this is reported. It is no failure: a compiler may do it. */
const NOTABLE = 0.05

/** Counts, prints, and compares; `accept` writes the figures down instead. x86-64. */
export async function reportInstructionCounts({ accept = false } = {}) {
  needPackages('valgrind', () => hasCommand('valgrind'), ['valgrind'])
  const targetDir = path.join(root, 'target', 'codegen')
  await mustRun('building instruction-counts', ['cargo', 'build', '--release', '-p', 'crosscore-probes', '--bin', 'instruction-counts'], {
    env: { CARGO_TARGET_DIR: targetDir },
  })
  const program = path.join(targetDir, 'release', 'instruction-counts')
  const cases = spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n')
  const figures = {}
  for (const name of cases) figures[name] = ((await total(program, name, MANY)) - (await total(program, name, FEW))) / (MANY - FEW)

  const before = readJson(committed)?.instructions ?? {}
  const lines = cases.map((name) => line(name, figures[name], before[name]))
  console.log(`instructions on x86-64, both sides together:\n${lines.join('\n')}`)
  // GitHub shows this on the run's page.
  if (process.env.GITHUB_STEP_SUMMARY) appendFileSync(process.env.GITHUB_STEP_SUMMARY, `### Instructions\n\n${lines.join('\n')}\n`)
  if (accept) {
    const { stdout } = spawnSync('rustc', ['--version'], { encoding: 'utf8' })
    writeFileSync(committed, `${JSON.stringify({ compiler: stdout.trim(), instructions: figures }, undefined, 2)}\n`)
    console.log(`written to ${path.relative(root, committed)}`)
  }
}

function line(name, now, before) {
  if (before === undefined) return `- ${name}: ${now.toFixed(2)} (no figure to compare with)`
  const change = now / before - 1
  const percent = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`
  return `- ${name}: ${now.toFixed(2)}, was ${before.toFixed(2)} (${percent})${Math.abs(change) > NOTABLE ? ' CHANGED' : ''}`
}

async function total(program, name, count) {
  const folder = mkdtempSync(path.join(tmpdir(), 'crosscore-callgrind-'))
  try {
    const valgrind = ['valgrind', '--tool=callgrind', `--callgrind-out-file=${path.join(folder, 'out')}`]
    const { output } = await mustRun(`callgrind on ${name}`, [...valgrind, program, name, String(count)])
    const found = output.match(/Collected : (\d+)/)
    if (!found) throw new Error(`callgrind says nothing of instructions:\n${output}`)
    return Number(found[1])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
