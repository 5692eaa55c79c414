// An SVG for README, one for light pages and one for dark: bars against the quickest peers. Colours are plain attributes,
// since many previews draw a picture without CSS variables, or without CSS.

import { plainCases } from '../cases/catalogue.js';
import { barsOfCase } from './charts.js';
import { PICTURED, headlines } from './headline.js';
import { KINDS } from './kinds.js';
import { machineLine } from './words.js';

const MARGIN = 16;
const HEADING = 26;
const GAP = 10;
/** Of the text below. */
const LINE = 20;

/** Of the room that charts.js leaves to the left of the longest name and to the right of the longest label. */
const CUT = { left: 0, right: 80 };

/** For a phone, where the other would be too small to read: its bars, what is cut, and how many letters fit in a line. */
export const NARROW = { bars: { width: 180, lines: 4 }, cut: { left: 64, right: 144 }, letters: 60 };

/**
 * @param {import('./result.js').Result} result
 * @param {string} palette LIGHT or DARK of palette.js
 * @param {Partial<typeof NARROW>} shape
 * @returns {Promise<string | null>} null: none of its cases was measured
 */
export async function picture(result, palette, { bars: shape, cut = CUT, letters = Infinity } = {}) {
  let y = MARGIN;
  let width = 0;
  const parts = [];
  for (const { name, rows } of headlines(result, PICTURED)) {
    const bars = await barsOfCase(rows, shape);
    if (!bars) continue;
    const [, drawnWidth, drawnHeight] = /** @type {RegExpMatchArray} */ (bars.match(/ width="([\d.]+)" height="([\d.]+)"/));
    const title = plainCases.find((known) => known.name === name)?.title ?? name;
    parts.push(`<text fill="var(--ink)" font-size="14" font-weight="600" x="${MARGIN}" y="${y + 14}">${escape(title)}</text>`);
    parts.push(bars.replace('<svg ', `<svg x="${MARGIN - cut.left}" y="${y + HEADING}" `));
    y += HEADING + Number(drawnHeight) + GAP;
    width = Math.max(width, Number(drawnWidth) + 2 * MARGIN - cut.left - cut.right);
  }
  if (parts.length === 0) return null;
  y += 12;
  for (const line of lines(Object.entries(KINDS), ([, label]) => 5 + label.length, letters)) {
    parts.push(key(line, y));
    y += LINE;
  }
  y += 4;
  for (const words of lines(`Shorter is better; ticks are single runs. ${machineLine(result)}.`.split(' '), (word) => word.length + 1, letters)) {
    parts.push(`<text fill="var(--soft)" x="${MARGIN}" y="${y}">${escape(words.join(' '))}</text>`);
    y += LINE;
  }
  const height = y - LINE + MARGIN;
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect fill="var(--paper)" width="100%" height="100%" rx="6"/>
${parts.join('\n')}
</svg>
`;
  const colours = new Map([...palette.matchAll(/(--\w+): (#\w+)/g)].map(([, name, colour]) => [name, colour]));
  return drawn.replaceAll(/var\((--\w+)\)/g, (_, name) => {
    const colour = colours.get(name);
    if (colour === undefined) throw new Error(`the palette has no ${name}`);
    return colour;
  });
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => number} letters of one
 * @param {number} most in a line
 */
function lines(items, letters, most) {
  /** @type {T[][]} */
  const all = [[]];
  let left = most;
  for (const item of items) {
    left -= letters(item);
    if (left < 0) {
      all.push([]);
      left = most - letters(item);
    }
    all[all.length - 1].push(item);
  }
  return all;
}

/**
 * @param {[string, string][]} kinds
 * @param {number} y
 */
function key(kinds, y) {
  let x = MARGIN;
  return kinds
    .map(([kind, label]) => {
      const at = x;
      x += 34 + label.length * 6.6;
      return `<rect x="${at}" y="${y - 9}" width="10" height="10" rx="2" fill="var(--${kind})"/><text fill="var(--ink)" x="${at + 15}" y="${y}">${escape(label)}</text>`;
    })
    .join('');
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
