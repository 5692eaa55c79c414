import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import process from 'node:process';

/** @param {string} file */
function firstLine(file) {
  try {
    return readFileSync(file, 'utf8').split('\n')[0].trim();
  } catch {
    return null;
  }
}

/**
 * What a reader needs to judge the figures; no host name, no paths.
 *
 * @param {import('./pinning.js').Cpus} cpus
 */
export function describeMachine(cpus) {
  let hypervisor = false;
  try {
    hypervisor = /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    // Not Linux: unknown, and said so by null below.
  }
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cpus: os.availableParallelism(),
    arch: process.arch,
    os: `${os.type()} ${os.release()}`,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    virtual: process.platform === 'linux' ? hypervisor : null,
    governor: firstLine('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    pinned: cpus.apart !== null,
    pinnedTo: cpus.apart,
    notPinnedBecause: cpus.reason,
    loadAverageAtStart: os.loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

/** Versions of everything that is measured. */
export function describeVersions() {
  const require = createRequire(import.meta.url);
  /** @type {Record<string, string>} */
  const versions = { node: process.version, v8: process.versions.v8, uv: process.versions.uv };
  for (const name of ['crosscore', 'ringbuf.js', 'thread-stream', 'comlink', 'piscina', 'tinybench']) {
    versions[name] = packageVersion(require, name);
  }
  return versions;
}

/**
 * @param {NodeJS.Require} require
 * @param {string} name
 */
function packageVersion(require, name) {
  if (name === 'crosscore') return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
  // Not every package exports its package.json, so look beside the entry and upwards.
  for (const base of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${base}/${name}/package.json`, 'utf8')).version;
    } catch {
      // Not in this node_modules: try the next one up.
    }
  }
  return 'not installed';
}
