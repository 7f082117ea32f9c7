import { MAX_DEPTH } from '../document/faults.js';
import { templateExpressions } from '../expressions/index.js';
import { defined } from '../../basics/defined.js';

/** A name to look up. */
export interface TemplateName {
  name: string;
  fallback?: string;
}

/** A piece of a templated string: text as it is, a name to look up, an expression to work out, or a secret's name. */
type TemplatePart = string | TemplateName | { expression: string } | { secret: string };

/** What is wrong with a template. */
export interface TemplateFault {
  kind: 'unclosed' | 'no_name' | 'nested';
  text: string;
}

export interface Template {
  parts: readonly TemplatePart[];
  faults: readonly TemplateFault[];
}

const SECRET = /^\s*secrets\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*(['"])([A-Za-z_][A-Za-z0-9_]*)\2\s*\])\s*$/;
const REFERENCE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Reads `${NAME}`, `${NAME:-default}`, `${{ expression }}` and `$$`. A `$` before anything else stands for itself, and
 * so does what is malformed: the one who runs a step never sees an exception, the one who loads the plan sees the fault.
 */
export function readTemplate(text: string): Template {
  if (!text.includes('${{')) return readNames(text);
  const parts: TemplatePart[] = [];
  const faults: TemplateFault[] = [];
  const pieces = templateExpressions(text);
  for (const [place, piece] of pieces.entries()) {
    if ('expr' in piece) parts.push(secretPart(piece.expr) ?? { expression: piece.expr });
    else if ('unclosed' in piece) {
      parts.push(piece.unclosed);
      faults.push({ kind: 'unclosed', text: piece.unclosed });
    } else {
      const read = readNames(piece.text);
      parts.push(...read.parts);
      // What an expression interrupts is a default with a template in it.
      const isLast = place === pieces.length - 1;
      for (const fault of read.faults) {
        faults.push(fault.kind === 'unclosed' && !isLast ? { kind: 'nested', text: fault.text } : fault);
      }
    }
  }
  return { parts, faults };
}

/** The first template of a text, as it is written; undefined where there is none, or it is a secret. */
export function firstTemplate(text: string): string | undefined {
  if (!mayHoldTemplate(text)) return undefined;
  const part = readTemplate(text).parts.find((each) => typeof each === 'object');
  if (part === undefined) return undefined;
  if ('name' in part) return `\${${part.name}}`;
  return 'expression' in part ? `\${{ ${part.expression.trim()} }}` : undefined;
}

/** A secret's name is no expression: its value is known to the worker alone, at the last moment. */
function secretPart(expression: string): { secret: string } | undefined {
  const match = SECRET.exec(expression);
  return match === null ? undefined : { secret: match[1] ?? match[3]! };
}

/** Reads a text without expressions. */
function readNames(text: string): Template {
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
): { part: TemplateName; end: number } | { fault: TemplateFault; end: number } {
  const close = text.indexOf('}', start);
  if (close < 0) return { fault: { kind: 'unclosed', text: text.slice(start) }, end: text.length };
  const end = close + 1;
  const whole = text.slice(start, end);
  const match = REFERENCE.exec(whole.slice(2, -1));
  if (match === null) return { fault: { kind: 'no_name', text: whole }, end };
  const [, name = '', fallback] = match;
  if (fallback?.includes('${')) return { fault: { kind: 'nested', text: whole }, end };
  return { part: { name, ...defined({ fallback }) }, end };
}

/** True where a string may hold a template; most hold none, and reading them costs. */
export function mayHoldTemplate(text: string): boolean {
  return text.includes('$');
}

/** The expression of a template that stands alone in its string, so that its value can keep its type. */
export function loneExpression(text: string): string | undefined {
  if (!text.startsWith('${{')) return undefined;
  const { parts } = readTemplate(text);
  const [part] = parts;
  return parts.length === 1 && typeof part === 'object' && 'expression' in part ? part.expression : undefined;
}

/** True where a value of a document holds a template anywhere; `$$` alone is none. */
export function holdsTemplate(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') {
    return mayHoldTemplate(value) && readTemplate(value).parts.some((part) => typeof part !== 'string');
  }
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.values(value).some((inner) => holdsTemplate(inner, depth + 1));
}

/**
 * Fills a template in. A name without a value becomes its default, or nothing.
 *
 * Secrets stay as they are written.
 *
 * @param evaluate works out an expression; without it, expressions stay as they are written
 */
export function fillTemplate(
  text: string,
  lookUp: (name: string) => string | undefined,
  evaluate?: (expression: string) => string,
): string {
  if (!mayHoldTemplate(text)) return text;
  return readTemplate(text)
    .parts.map((part) => {
      if (typeof part === 'string') return part;
      if ('secret' in part) return `\${{ secrets.${part.secret} }}`;
      if ('expression' in part) return evaluate?.(part.expression) ?? `\${{${part.expression}}}`;
      const value = lookUp(part.name);
      // As in a shell, `:-` is for empty values too.
      return part.fallback !== undefined && (value === undefined || value === '') ? part.fallback : (value ?? '');
    })
    .join('');
}

/** Names of the secrets in a templated text. */
export function secretsIn(text: string): string[] {
  if (!text.includes('secrets')) return [];
  return readTemplate(text).parts.flatMap((part) =>
    typeof part === 'object' && 'secret' in part ? [part.secret] : [],
  );
}
