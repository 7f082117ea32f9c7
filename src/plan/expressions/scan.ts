/**
 * Where the string literal that opens at `start` ends: the index after its last quote, or the end of the text where it
 * is never closed. Understands `'…'`, `"…"` and the triple forms; a backslash keeps the next character from closing it,
 * in raw strings too, as in the library's own lexer.
 */
export function skipString(text: string, start: number): number {
  const quote = text[start]!;
  const triple = quote.repeat(3);
  const close = text.startsWith(triple, start) ? triple : quote;
  for (let at = start + close.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(close, at)) return at + close.length;
  }
  return text.length;
}

/**
 * Finds where a text nests deeper than `limit`: brackets, and operators that recurse (`!`, `-`, `?:`). Looks at
 * characters only, so it costs no stack, whatever the text is.
 *
 * @returns the offset of the first character that is too deep, or undefined
 */
export function tooDeepAt(text: string, limit: number): number | undefined {
  let depth = 0;
  let conditionals = 0;
  let signs = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"' || character === "'") {
      at = skipString(text, at) - 1;
      signs = 0;
      continue;
    }
    if (text.startsWith('//', at)) {
      at = endOfLine(text, at);
      continue;
    }
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    else if (character === '?') conditionals += 1;
    if (character === '!' || character === '-') signs += 1;
    else if (character.trim() !== '') signs = 0;
    if (depth > limit || conditionals > limit || signs > limit) return at;
  }
  return undefined;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
