// From figures to bench/report/index.html, table.md and picture.svg. `npm run bench` calls it at its end; alone:
// node bench/report/render.js FIGURES.json [DIRECTORY]

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { markdownTable } from './markdown.js';
import { page } from './page.js';
import { LIGHT } from './palette.js';
import { picture } from './picture.js';
import { asResult } from './result.js';

/**
 * @param {import('./result.js').Result} result
 * @param {string} directory
 * @returns {Promise<string[]>} names of the files written
 */
export async function writeReport(result, directory) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'index.html'), await page(result));
  writeFileSync(join(directory, 'table.md'), markdownTable(result));
  const drawn = await picture(result, LIGHT);
  if (!drawn) return ['index.html', 'table.md'];
  writeFileSync(join(directory, 'picture.svg'), drawn);
  return ['index.html', 'table.md', 'picture.svg'];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [figures, directory = fileURLToPath(new URL('.', import.meta.url))] = process.argv.slice(2);
  if (!figures || figures === '--help') {
    console.log('Usage: node bench/report/render.js FIGURES.json [DIRECTORY]\n\nFIGURES.json comes from npm run bench -- --json FIGURES.json.');
    process.exitCode = figures ? 0 : 2;
  } else {
    try {
      const written = await writeReport(asResult(JSON.parse(readFileSync(figures, 'utf8'))), directory);
      console.log(written.map((file) => join(directory, file)).join('\n'));
    } catch (error) {
      console.error(`no report from ${figures}: ${/** @type {Error} */ (error).message}`);
      process.exitCode = 1;
    }
  }
}
