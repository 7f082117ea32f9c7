import { eastAsianWidth } from 'get-east-asian-width';
import { oneLine } from './format.js';

/**
 * Rows with columns as wide as their widest cell, each one line; the last column is not padded. No cell has a style.
 */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(oneLine));
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - widthOf(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Columns that a terminal gives to a text. Some characters are two columns wide, marks and what is joined to the
 * character before it are in none. `string-width` knows more, but what it sets up when it is loaded (`Intl.Segmenter`)
 * would slow down every command that prints a table.
 */
function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  const shown = text.replaceAll(/\p{Mark}|\u200D./gu, '');
  return Array.from(shown).reduce((width, character) => width + eastAsianWidth(character.codePointAt(0)!), 0);
}
