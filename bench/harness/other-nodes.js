// The whole bench on other versions of Node, one after the other, each in a process of its own.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { parse, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fetchOwnNode, isVersion, versionOf } from '../../scripts/fetch-node.mjs';
import { UsageError } from './options.js';

const run = fileURLToPath(new URL('../run.js', import.meta.url));
const results = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * @param {import('./options.js').Options} options
 * @param {string[]} args of the command line
 * @returns {Promise<import('../report/result.js').Result[]>} those of the nodes on which nothing failed
 */
export async function onOtherNodes({ nodes, json }, args) {
  /** @type {import('../report/result.js').Result[]} */
  const found = [];
  for (const wanted of nodes) {
    const node = await executable(wanted);
    const file = fileFor(json ?? join(results, 'node.json'), await versionOf(node));
    mkdirSync(results, { recursive: true });
    const { status } = spawnSync(node, [run, ...withoutOurs(args), '--json', file], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
    else found.push(JSON.parse(readFileSync(file, 'utf8')));
  }
  return found;
}

/** @param {string} wanted */
async function executable(wanted) {
  if (!isVersion(wanted)) {
    if (!existsSync(wanted)) throw new UsageError(`--node ${wanted}: there is no such file, and it is no version`);
    return resolve(wanted);
  }
  try {
    return await fetchOwnNode(wanted);
  } catch (error) {
    throw new UsageError(`--node ${wanted}: ${/** @type {Error} */ (error).message}`, { cause: error });
  }
}

/**
 * @param {string} json
 * @param {string} version
 */
function fileFor(json, version) {
  const { dir, name, ext } = parse(resolve(json));
  return join(dir, `${name}-${version}${ext}`);
}

/**
 * The command line for one run: the figures go to a file of its own, and README is written when all are there.
 *
 * @param {string[]} args
 */
export function withoutOurs(args) {
  const kept = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--readme') continue;
    if (args[i] === '--node' || args[i] === '--json') i++;
    else if (!/^--(?:node|json)=/.test(args[i])) kept.push(args[i]);
  }
  return kept;
}
