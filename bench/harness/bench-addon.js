// The addon with the feature `bench`: threads of Rust that produce records. It is built into a place of its own on
// demand, and only the processes that measure such a thread load it. All others measure the addon that is shipped.

import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const target = fileURLToPath(new URL('../../target/bench/', import.meta.url));

const LIBRARIES = { darwin: 'libcrosscore_node.dylib', win32: 'crosscore_node.dll' };

/** @type {Promise<string> | undefined} */
let building;

/** @returns {Promise<string>} the addon's file; rejects where it cannot be built */
export function benchAddon() {
  building ??= build();
  return building;
}

async function build() {
  const command = ['build', '--release', '-p', 'crosscore-node', '--features', 'bench', '--target-dir', target];
  try {
    await promisify(execFile)('cargo', command, { cwd: root, maxBuffer: 1 << 26 });
  } catch (error) {
    const { code, stderr } = /** @type {{ code: unknown, stderr?: string }} */ (error);
    if (code === 'ENOENT') throw new Error('cargo is not installed: it builds the threads of Rust', { cause: error });
    throw new Error(`the addon with the threads of Rust does not build: ${stderr?.trim().split('\n').at(-1)}`, { cause: error });
  }
  const library = LIBRARIES[/** @type {keyof typeof LIBRARIES} */ (process.platform)] ?? 'libcrosscore_node.so';
  // Node loads files that are named so; the copy is what the platform's own name cannot be.
  const addon = `${target}crosscore.bench.node`;
  await copyFile(`${target}release/${library}`, addon);
  return addon;
}
