// `npm run bench`: see harness/options.js for what it takes.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { onOtherNodes } from './harness/other-nodes.js';
import { describeMachine, describeVersions } from './harness/machine.js';
import { HELP, UsageError, parseOptions } from './harness/options.js';
import { chooseCpus } from './harness/pinning.js';
import { runCase } from './harness/runner.js';
import { aimsTable, caseTable, microTable, progress } from './harness/terminal.js';
import { judge } from './harness/verdict.js';

/** With --quick: enough to see that all works and roughly where it stands. */
const QUICK_SCALE = 1 / 4;

/** @param {import('./harness/options.js').Options} options */
async function bench(options) {
  const cpus = chooseCpus();
  const machine = describeMachine(cpus);
  const versions = describeVersions();
  console.log(`${machine.cpu}, ${machine.cpus} CPUs, ${machine.os} ${machine.arch}, Node ${process.versions.node}`);
  console.log(cpus.apart ? `threads pinned to CPUs ${cpus.apart.join(' and ')}` : `threads not pinned: ${cpus.reason}`);
  if (machine.loadAverageAtStart[0] > 0.5) {
    console.log(`something else is running here (load average ${machine.loadAverageAtStart[0]}): expect noise`);
  }

  /** @type {import('./harness/runner.js').Row[]} */
  const rows = [];
  const started = Date.now();
  for (const benchCase of options.cases) {
    const scale = options.quick ? QUICK_SCALE : 1;
    const found = await runCase(benchCase, { runs: options.runs, scale, cpus, systems: options.systems, progress });
    progress('');
    if (found.length === 0) continue;
    console.log(caseTable(benchCase, found));
    rows.push(...found);
  }

  /** @type {import('./micro.js').MicroRow[]} */
  let micro = [];
  if (options.micro) {
    progress('single calls');
    const { measureSingleCalls } = await import('./micro.js');
    micro = await measureSingleCalls({ quick: options.quick });
    progress('');
    console.log(microTable(micro));
  }

  const aims = judge(rows);
  console.log(aimsTable(aims));
  const result = {
    machine,
    node: process.versions.node,
    versions,
    method: { runs: options.runs, quick: options.quick, startedAt: new Date(started).toISOString(), seconds: (Date.now() - started) / 1000 },
    rows,
    micro,
    aims,
  };
  if (options.json) {
    const file = resolve(options.json);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(result, null, 2) + '\n');
    console.log(`\nfigures: ${options.json}`);
  }
  if (options.report && rows.length > 0) await report(result);
  if (options.readme) await readme([result]);

  const failed = rows.filter(({ status }) => status === 'failed');
  const failedCalls = micro.filter(({ status }) => status === 'failed');
  for (const row of failed) console.error(`\nFAILED  ${row.case}  ${row.system}: ${row.note}`);
  for (const row of failedCalls) console.error(`\nFAILED  ${row.call}  ${row.system}: ${row.note}`);
  if (failed.length || failedCalls.length) process.exitCode = 1;
}

/** @param {import('./report/result.js').Result} result */
async function report(result) {
  let writeReport;
  try {
    ({ writeReport } = await import('./report/render.js'));
  } catch (error) {
    // The figures took minutes and stand above; a missing chart library must not look like a failed bench.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error(`\nno report: ${/** @type {Error} */ (error).message.split('\n')[0]} (npm install)`);
    return;
  }
  const directory = fileURLToPath(new URL('./report/', import.meta.url));
  const files = await writeReport(result, directory);
  console.log(`\nreport: ${files.map((file) => `bench/report/${file}`).join(', ')}`);
}

/** @param {import('./report/result.js').Result[]} results */
async function readme(results) {
  const { writeReadme } = await import('./report/readme.js');
  console.log(`README: ${(await writeReadme(results)).join(', ')}`);
}

/** @param {import('./harness/contract.js').Case[]} cases */
function list(cases) {
  for (const { name, title, entries } of cases) {
    console.log(`${name.padEnd(24)} ${title}\n${' '.repeat(25)}${entries.map(({ system }) => system).join(' | ')}`);
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else if (options.list) list(options.cases);
  else if (options.nodes.length === 0) await bench(options);
  else {
    const results = await onOtherNodes(options, process.argv.slice(2));
    if (options.readme && results.length === options.nodes.length) await readme(results);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\nTry --help.`);
  process.exitCode = 2;
}
