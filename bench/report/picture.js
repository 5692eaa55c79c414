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

/** Of the room that charts.js leaves to the right of the longest label. */
const TRIM = 80;

/**
 * @param {import('./result.js').Result} result
 * @param {string} palette LIGHT or DARK of palette.js
 * @returns {Promise<string | null>} null: none of its cases was measured
 */
export async function picture(result, palette) {
  let y = MARGIN;
  let width = 0;
  const parts = [];
  for (const { name, rows } of headlines(result, PICTURED)) {
    const bars = await barsOfCase(rows);
    if (!bars) continue;
    const [, drawnWidth, drawnHeight] = /** @type {RegExpMatchArray} */ (bars.match(/ width="([\d.]+)" height="([\d.]+)"/));
    const title = plainCases.find((known) => known.name === name)?.title ?? name;
    parts.push(`<text fill="var(--ink)" font-size="14" font-weight="600" x="${MARGIN}" y="${y + 14}">${escape(title)}</text>`);
    parts.push(bars.replace('<svg ', `<svg x="${MARGIN}" y="${y + HEADING}" `));
    y += HEADING + Number(drawnHeight) + GAP;
    width = Math.max(width, Number(drawnWidth) + 2 * MARGIN - TRIM);
  }
  if (parts.length === 0) return null;
  parts.push(key(y + 12));
  parts.push(`<text fill="var(--soft)" x="${MARGIN}" y="${y + 36}">${escape(`Shorter is better; ticks are single runs. ${machineLine(result)}.`)}</text>`);
  const height = y + 36 + MARGIN;
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

/** @param {number} y */
function key(y) {
  let x = MARGIN;
  return Object.entries(KINDS)
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
