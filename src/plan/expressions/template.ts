import type { Json } from '../model/values.js';
import { skipString } from './scan.js';

/** A piece of a string that may hold `${{ … }}`. Offsets count from the start of the whole string. */
export type TemplatePiece =
  | { text: string }
  /** `offset` is where the expression itself begins, after the braces. */
  | { expr: string; offset: number }
  /** A `${{` whose `}}` is missing, to the end of the string. */
  | { unclosed: string; offset: number };

/**
 * Splits a string at its `${{ … }}`. The texts between are as written: `$$` in them still stands for `$`, and `${NAME}`
 * for a value. Braces and quotes inside an expression are understood, so a map or `'}}'` does not end it.
 *
 * @example
 * templateExpressions('--n=${{ inputs.n }}'); // [{ text: '--n=' }, { expr: ' inputs.n ', offset: 7 }]
 */
export function templateExpressions(text: string): TemplatePiece[] {
  const pieces: TemplatePiece[] = [];
  let from = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0;) {
    if (!text.startsWith('${{', dollar)) {
      // The second of `$$` starts nothing.
      dollar = text.indexOf('$', dollar + (text[dollar + 1] === '$' ? 2 : 1));
      continue;
    }
    if (dollar > from) pieces.push({ text: text.slice(from, dollar) });
    const offset = dollar + 3;
    const end = endOfExpression(text, offset);
    if (end === undefined) return [...pieces, { unclosed: text.slice(dollar), offset: dollar }];
    pieces.push({ expr: text.slice(offset, end), offset });
    from = end + 2;
    dollar = text.indexOf('$', from);
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

/** A value as it stands in a string: a string as it is, anything else as JSON. */
export function renderValue(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function endOfExpression(text: string, start: number): number | undefined {
  let braces = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"' || character === "'") at = skipString(text, at) - 1;
    else if (character === '{') braces += 1;
    else if (character === '}') {
      if (braces === 0 && text[at + 1] === '}') return at;
      braces = Math.max(0, braces - 1);
    }
  }
  return undefined;
}
