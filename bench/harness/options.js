// The command line of `npm run bench`.

import { parseArgs } from 'node:util';
import { growthCases, plainCases } from '../cases/catalogue.js';

export const HELP = `Usage: npm run bench [-- OPTIONS]

Measures crosscore against its peers: two worker threads, pinned where the system allows, contenders in rotated
order, every element checked. Ends by writing index.html, table.md and picture.svg below bench/report.

  --quick           3 runs of a quarter of the work
  --runs N          runs of each contender (default 7, with --quick 3)
  --case NAME       only this case, or a family (nx-shape, growth, growth-rings); may be repeated or a comma-separated list
  --system NAME     only this system; may be repeated
  --growth          also the growth curves (size of the ring, of the message, number of rings,
                    both ends in one thread)
  --node NODE       on another Node: a version that the npm registry has (20, 24.1), or the path of an executable;
                    repeated: a whole run on each, and --readme shows them all. The report is that of the last, and
                    the figures of each have its version in the name: FILE-24.1.0.json
  --json FILE       write the figures to FILE as JSON
  --no-report       write no report (--report: write it even of a part, where --case or --system is given)
  --readme          put the figures into README.md and docs/PERFORMANCE.md, between their markers, and draw docs/bench*.svg
  --no-micro        leave out the micro-benches of single calls (--micro: run them even then)
  --list            list cases and systems
  --help            this

Exit code: 0 when all was measured, aims met or not; 1 when a contender failed (a lost, repeated or reordered element, a
crash, a deadlock); 2 for a wrong option.
`;

/** A mistake in the command line: told in one line, without a stack. */
export class UsageError extends Error {}

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {number} runs
 * @property {import('./contract.js').Case[]} cases
 * @property {string[]} systems
 * @property {string[]} nodes empty: this one
 * @property {string | null} json
 * @property {boolean} report
 * @property {boolean} readme
 * @property {boolean} micro
 * @property {boolean} list
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @returns {Options}
 */
export function parseOptions(args) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      allowPositionals: false,
      allowNegative: true,
      options: {
        quick: { type: 'boolean', default: false },
        runs: { type: 'string' },
        case: { type: 'string', multiple: true, default: [] },
        system: { type: 'string', multiple: true, default: [] },
        growth: { type: 'boolean', default: false },
        node: { type: 'string', multiple: true, default: [] },
        json: { type: 'string' },
        report: { type: 'boolean' },
        readme: { type: 'boolean', default: false },
        micro: { type: 'boolean' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
  const all = [...plainCases, ...growthCases];
  const names = values.case.flatMap((list) => list.split(',')).map((name) => name.trim());
  const chosen = names.map((name) => named(all, name));
  for (const [i, name] of names.entries()) {
    if (chosen[i].length === 0) {
      throw new UsageError(`no case "${name}"; there are ${plainCases.map((known) => known.name).join(', ')}, growth`);
    }
  }
  const systems = values.system;
  const known = [...new Set(all.flatMap(({ entries }) => entries.map(({ system }) => system)))];
  for (const system of systems) {
    if (!known.includes(system)) throw new UsageError(`no system "${system}"; there are ${known.map((name) => `"${name}"`).join(', ')}`);
  }
  const whole = names.length === 0 && systems.length === 0;
  if (values.readme && !whole) throw new UsageError('--readme is for the whole run, without --case and --system');
  return {
    quick: values.quick,
    runs: wholeNumber(values.runs, defaultRuns(values.quick)),
    cases: names.length ? all.filter((known) => chosen.some((some) => some.includes(known))) : [...plainCases, ...(values.growth ? growthCases : [])],
    systems,
    nodes: values.node,
    json: values.json ?? null,
    // A part would replace the report of the whole.
    report: values.report ?? whole,
    readme: values.readme,
    micro: values.micro ?? whole,
    list: values.list,
    help: values.help,
  };
}

/**
 * Runs of each contender where none are asked for.
 *
 * @param {boolean} quick
 */
export function defaultRuns(quick) {
  return quick ? 3 : 7;
}

/**
 * A case by its name or, where there is none of that name, the family whose names begin with it: `nx-shape`, `growth`.
 *
 * @param {import('./contract.js').Case[]} all
 * @param {string} name
 */
function named(all, name) {
  const exact = all.filter((known) => known.name === name);
  return exact.length ? exact : all.filter((known) => known.name.startsWith(`${name}-`));
}

/**
 * @param {string | undefined} text
 * @param {number} otherwise
 */
function wholeNumber(text, otherwise) {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 1000) {
    throw new UsageError(`--runs takes a whole number from 1 to 1000, not "${text}"`);
  }
  return number;
}
