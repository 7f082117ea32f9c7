/** A piece of a templated string: text as it is, or a name to look up. */
export type TemplatePart = string | { name: string; fallback?: string };

/** What is wrong with a template. `expression` is `${{ … }}`, which the language has and this version has not. */
export interface TemplateFault {
  kind: 'expression' | 'unclosed' | 'no_name' | 'nested';
  text: string;
}

export interface Template {
  parts: readonly TemplatePart[];
  faults: readonly TemplateFault[];
}

const REFERENCE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Reads `${NAME}`, `${NAME:-default}` and `$$`. A `$` before anything else stands for itself, and so does what is
 * malformed: the one who runs a step never sees an exception, the one who loads the plan sees the fault.
 */
export function readTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  const faults: TemplateFault[] = [];
  let literal = '';
  let at = 0;
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    literal += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next !== '{') {
      literal += '$';
      at = dollar + (next === '$' ? 2 : 1);
      continue;
    }
    const read = readReference(text, dollar);
    if ('part' in read) {
      if (literal !== '') parts.push(literal);
      parts.push(read.part);
      literal = '';
    } else {
      faults.push(read.fault);
      literal += text.slice(dollar, read.end);
    }
    at = read.end;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return { parts, faults };
}

function readReference(
  text: string,
  start: number,
): { part: Exclude<TemplatePart, string>; end: number } | { fault: TemplateFault; end: number } {
  const expression = text.startsWith('${{', start);
  const close = text.indexOf(expression ? '}}' : '}', start);
  if (close < 0) return { fault: { kind: 'unclosed', text: text.slice(start) }, end: text.length };
  const end = close + (expression ? 2 : 1);
  const whole = text.slice(start, end);
  if (expression) return { fault: { kind: 'expression', text: whole }, end };
  const match = REFERENCE.exec(whole.slice(2, -1));
  if (match === null) return { fault: { kind: 'no_name', text: whole }, end };
  const [, name = '', fallback] = match;
  if (fallback?.includes('${')) return { fault: { kind: 'nested', text: whole }, end };
  return { part: { name, ...(fallback === undefined ? {} : { fallback }) }, end };
}

/** True where a string may hold a template; most hold none, and reading them costs. */
export function mayHoldTemplate(text: string): boolean {
  return text.includes('$');
}

/** Fills a template in. A name without a value becomes its default, or nothing. */
export function fillTemplate(text: string, lookUp: (name: string) => string | undefined): string {
  if (!mayHoldTemplate(text)) return text;
  return readTemplate(text)
    .parts.map((part) => {
      if (typeof part === 'string') return part;
      const value = lookUp(part.name);
      // As in a shell, `:-` is for empty values too.
      return part.fallback !== undefined && (value === undefined || value === '') ? part.fallback : (value ?? '');
    })
    .join('');
}
