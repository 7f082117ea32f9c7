import { eastAsianWidth } from 'get-east-asian-width';

/**
 * Columns that a terminal gives to a text. Some characters are two columns wide, marks and what is joined to the
 * character before it are in none. `string-width` knows more, but what it sets up when it is loaded (`Intl.Segmenter`)
 * would slow down every command that prints a table.
 */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  const shown = text.replaceAll(/\p{Mark}|\u200D./gu, '');
  return Array.from(shown).reduce((width, character) => width + eastAsianWidth(character.codePointAt(0)!), 0);
}

/** The beginning of a text that takes so many columns at most; that it was cut is seen. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let cut = '';
  let left = width - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    cut += character;
  }
  return `${cut}…`;
}

/** A text that takes just so many columns. */
export function column(text: string, width: number): string {
  const cut = fit(text, width);
  return cut + ' '.repeat(width - widthOf(cut));
}

/** A text on as many lines as it needs, at most so many; what is beyond them is cut. */
export function wrapped(text: string, width: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width && lines.length < most - 1) {
    const head = fit(rest, width).replace(/…$/, '');
    const space = head.lastIndexOf(' ');
    if (space <= 0) break;
    lines.push(rest.slice(0, space));
    rest = rest.slice(space + 1);
  }
  return [...lines, fit(rest, width)];
}
