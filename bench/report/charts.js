// Charts as SVG, drawn by Vega without a browser. Colours are CSS variables of the page, so one drawing serves light and dark.

import * as vega from 'vega';
import { compile } from 'vega-lite';
import { round3 } from '../harness/statistics.js';
import { kindOf } from './kinds.js';

const WIDTH = 520;

/** Room for the names of the systems, the same in all charts, so that their bars begin on one line. */
const NAMES = 190;

/** Of bars: how wide they are, and lines of their axis. */
const BARS = { width: WIDTH, lines: 6 };

/** A bar this many times the shortest is cut and says so: drawn to scale it would leave nothing of the others. */
const CUT = 10;

const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    domainColor: 'var(--line)',
    gridColor: 'var(--grid)',
    tickColor: 'var(--line)',
    labelColor: 'var(--ink)',
    titleColor: 'var(--soft)',
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    labelLimit: 240,
  },
  legend: { labelColor: 'var(--ink)', titleColor: 'var(--soft)', labelFontSize: 12, labelLimit: 240, symbolStrokeWidth: 2.5 },
};

const KIND_SCALE = {
  domain: ['ours', 'honest', 'library', 'node'],
  range: ['var(--ours)', 'var(--honest)', 'var(--library)', 'var(--node)'],
};

/** For lines of a kind whose own colour is taken. */
const SPARE_COLOURS = ['var(--fifth)', 'var(--sixth)'];

/**
 * @param {any} spec
 * @param {string} label what it shows, for those who cannot see it
 */
async function draw(spec, label) {
  const view = new vega.View(vega.parse(compile({ ...spec, config: CONFIG }).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg.replace('<svg ', `<svg role="img" aria-label="${label.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}" `);
}

/**
 * One case: a bar for each system that was measured, its runs as ticks across it.
 *
 * @param {import('../harness/runner.js').Row[]} rows
 * @returns {Promise<string | null>} null: nothing to show
 */
export async function barsOfCase(rows, { width, lines } = BARS) {
  const measured = rows.filter((row) => row.median !== null);
  if (measured.length === 0) return null;
  const medians = measured.map(({ median }) => /** @type {number} */ (median));
  const longest = Math.max(...medians, ...measured.flatMap((row) => row.runs));
  const limit = Math.min(longest * 1.02, Math.min(...medians) * CUT);
  const bars = measured.map((row, i) => {
    const cut = medians[i] > limit;
    return {
      system: row.system,
      kind: kindOf(row.system),
      shown: cut ? limit : medians[i],
      // Beyond the bar and the ticks of its runs.
      labelAt: Math.max(cut ? limit : medians[i], ...row.runs.filter((value) => value <= limit)),
      label: `${round3(medians[i])}${cut ? '  (bar cut)' : ''}`,
    };
  });
  const runs = measured.flatMap(({ system, runs: values }) =>
    values.filter((value) => value <= limit).map((value) => ({ system, value })),
  );
  const order = measured.map(({ system }) => system);
  const y = { field: 'system', type: 'nominal', sort: order, axis: { title: null, ticks: false, domain: false, labelPadding: 8, minExtent: NAMES } };
  const x = { type: 'quantitative', scale: { domain: [0, limit], nice: false }, axis: { title: measured[0].unit, tickCount: lines } };
  return draw(
    {
      width,
      height: { step: 26 },
      padding: { left: 0, top: 4, bottom: 4, right: 90 },
      layer: [
        {
          data: { values: bars },
          mark: { type: 'bar', height: 16, cornerRadiusEnd: 2 },
          encoding: { y, x: { ...x, field: 'shown' }, color: { field: 'kind', type: 'nominal', scale: KIND_SCALE, legend: null } },
        },
        {
          data: { values: runs },
          mark: { type: 'tick', thickness: 1, size: 16, color: 'var(--run)', opacity: 0.8 },
          encoding: { y, x: { ...x, field: 'value' } },
        },
        {
          data: { values: bars },
          mark: { type: 'text', align: 'left', baseline: 'middle', dx: 6, color: 'var(--ink)', fontSize: 12 },
          encoding: { y, x: { ...x, field: 'labelAt' }, text: { field: 'label' } },
        },
      ],
    },
    bars.map(({ system, label }) => `${system}: ${label} ${measured[0].unit}`).join('; '),
  );
}

/**
 * Distributions: percentiles spaced by their nines, latency on a logarithmic scale.
 *
 * @param {import('../harness/runner.js').Row[]} rows
 */
export async function latencyOfCase(rows) {
  const measured = rows.filter(({ latency }) => latency);
  if (measured.length === 0) return null;
  const scale = measured[0].unit.startsWith('µs') ? 1000 : 1;
  const values = measured.flatMap(({ system, latency }) =>
    /** @type {{ percent: number, ns: number }[]} */ (latency)
      .filter(({ percent, ns }) => percent > 0 && percent < 100 && ns > 0)
      .map(({ percent, ns }) => ({ system, nines: -Math.log10(1 - percent / 100), value: ns / scale })),
  );
  const marks = [50, 90, 99, 99.9, 99.99].map((percent) => -Math.log10(1 - percent / 100));
  return draw(
    {
      width: WIDTH,
      height: 240,
      padding: 4,
      data: { values },
      mark: { type: 'line', strokeWidth: 2, point: { size: 22 } },
      encoding: {
        x: {
          field: 'nines',
          type: 'quantitative',
          axis: {
            title: 'percentile',
            values: marks,
            labelExpr: "datum.value < 0.5 ? '50' : datum.value < 1.5 ? '90' : datum.value < 2.5 ? '99' : datum.value < 3.5 ? '99.9' : '99.99'",
          },
        },
        y: logarithmic(values.map(({ value }) => value), measured[0].unit),
        color: lineColours(measured.map(({ system }) => system)),
      },
    },
    `latency by percentile of ${measured.map(({ system }) => system).join(', ')}`,
  );
}

/**
 * @param {import('../harness/runner.js').Row[]} rows points of one growth curve
 */
export async function growthCurve(rows) {
  const measured = rows.filter((row) => row.median !== null && row.growth);
  if (measured.length === 0) return null;
  const growth = /** @type {NonNullable<import('../harness/runner.js').Row['growth']>} */ (measured[0].growth);
  const systems = [...new Set(measured.map(({ system }) => system))];
  return draw(
    {
      width: WIDTH,
      height: 260,
      padding: 4,
      data: { values: measured.map(({ system, median, growth: at }) => ({ system, x: at?.x, value: median })) },
      mark: { type: 'line', strokeWidth: 2, point: { size: 26 } },
      encoding: {
        x: {
          field: 'x',
          type: 'quantitative',
          scale: { type: 'log', base: 2, nice: false },
          axis: {
            title: growth.axis,
            // The points that were measured, and no others.
            values: [...new Set(measured.map(({ growth: at }) => at?.x))],
            labelExpr: BINARY,
            labelOverlap: false,
            labelFlush: false,
          },
        },
        y: logarithmic(measured.map(({ median }) => /** @type {number} */ (median)), measured[0].unit),
        color: lineColours(systems),
      },
    },
    `${growth.group}: ${systems.join(', ')}`,
  );
}

/** Vega expression: 65536 is 64 Ki. */
const BINARY =
  "datum.value >= 1048576 ? format(datum.value / 1048576, 'd') + ' Mi' : " +
  "datum.value >= 1024 ? format(datum.value / 1024, 'd') + ' Ki' : format(datum.value, 'd')";

/**
 * A logarithmic axis whose lines are all labelled: 1, 2, 5 over few decades, powers of ten over many.
 *
 * @param {number[]} values
 * @param {string} title
 */
function logarithmic(values, title) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const steps = high / low > 300 ? [1] : [1, 2, 5];
  const lines = [];
  for (let decade = Math.floor(Math.log10(low)); decade <= Math.log10(high); decade++) {
    for (const step of steps) if (step * 10 ** decade >= low && step * 10 ** decade <= high) lines.push(step * 10 ** decade);
  }
  return { field: 'value', type: 'quantitative', scale: { type: 'log', nice: false, domain: [low, high] }, axis: { title, values: lines } };
}

/**
 * The colour of its kind for the first system of a kind, as in the bars.
 *
 * @param {string[]} systems
 */
function lineColours(systems) {
  const spare = [...SPARE_COLOURS];
  const taken = new Set();
  const range = systems.map((system) => {
    const kind = kindOf(system);
    const colour = taken.has(kind) ? (spare.shift() ?? 'var(--soft)') : `var(--${kind})`;
    taken.add(kind);
    return colour;
  });
  return { field: 'system', type: 'nominal', scale: { domain: systems, range }, legend: { title: null, orient: 'top' } };
}
