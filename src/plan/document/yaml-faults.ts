import type { YAMLError } from 'yaml';
import type { Fault } from './faults.js';

/** After one of these the library misreads what follows, and what else it finds is of no use. */
const OF_INDENTATION = new Set(['BAD_INDENT', 'TAB_AS_INDENT', 'BLOCK_AS_IMPLICIT_KEY', 'MULTILINE_IMPLICIT_KEY']);

/** What the library found, in our words. Of what is wrong with the indentation, only the first: it is fixed first. */
export function yamlFaults(errors: readonly YAMLError[], text: string): Fault[] {
  const first = errors.findIndex(({ code }) => OF_INDENTATION.has(code));
  const told = first < 0 ? errors : errors.slice(0, first + 1);
  return told.map((error) => ({ code: 'syntax_error', ...(indentationFault(error, text) ?? plainFault(error)) }));
}

function plainFault({ code, message, pos }: YAMLError): Omit<Fault, 'code'> {
  return { message: message.charAt(0).toLowerCase() + message.slice(1), offset: pos[0], ...hintFor(code) };
}

function hintFor(code: string): { hint?: string } {
  if (code === 'TAB_AS_INDENT') return { hint: 'indent with spaces; YAML allows no tabs there' };
  if (code === 'BAD_ALIAS') return { hint: "put the text in quotes if it should start with '*'" };
  if (code === 'MULTILINE_IMPLICIT_KEY' || code === 'BLOCK_AS_IMPLICIT_KEY') {
    return { hint: "put text that holds ': ' in quotes, and check the indentation" };
  }
  return {};
}

/** A line, and the columns at which its entry of a list and its key begin; counted from 0. */
interface Line {
  /** 1-based. */
  number: number;
  offset: number;
  indent: number;
  key: number;
}

/** A line that begins at a column where nothing above does; undefined where that is not what is wrong. */
function indentationFault({ code, pos }: YAMLError, text: string): Omit<Fault, 'code'> | undefined {
  const lines = linesOf(text);
  const at = lines.findLastIndex(({ offset, indent }) => offset - indent <= pos[0]);
  if (code === 'BAD_INDENT') return misaligned(lines, at);
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' && code !== 'MULTILINE_IMPLICIT_KEY') return undefined;
  const [line, next] = [lines[at], lines[at + 1]];
  // The value of a key that has a key below it: the line below stands too far to the right.
  if (line === undefined || next === undefined || next.indent <= line.key || !hasOneKey(text, line)) return undefined;
  return misaligned(lines, at + 1);
}

function misaligned(lines: readonly Line[], at: number): Omit<Fault, 'code'> | undefined {
  const line = lines[at];
  if (line === undefined) return undefined;
  const isEntry = line.key > line.indent;
  const levels = openLevels(lines.slice(0, at), isEntry);
  if (levels.some(({ column }) => column === line.indent)) return undefined;
  const distance = (column: number): number => Math.abs(column - line.indent);
  const [nearest] = levels.sort((a, b) => distance(a.column) - distance(b.column) || b.column - a.column);
  if (nearest === undefined) return undefined;
  return {
    message: `this line is indented by ${spaces(line.indent)}, and nothing above it is`,
    offset: line.offset,
    hint: `indent it by ${spaces(nearest.column)}, like ${isEntry ? 'the entry' : 'the key'} in line ${nearest.number}`,
  };
}

/** The columns at which what is still open above begins, from the innermost out. */
function openLevels(above: readonly Line[], isEntry: boolean): { column: number; number: number }[] {
  const levels: { column: number; number: number }[] = [];
  let least = Infinity;
  for (const { indent, key, number } of above.toReversed()) {
    if (indent >= least) continue;
    least = indent;
    if (isEntry ? key > indent : true) levels.push({ column: isEntry ? indent : key, number });
  }
  return levels;
}

/** The lines that say something. */
function linesOf(text: string): Line[] {
  let offset = 0;
  return text.split('\n').flatMap((line, index) => {
    const start = offset;
    offset += line.length + 1;
    const [, blank = '', dashes = '', rest = ''] = /^( *)((?:- +)*)(.*)$/.exec(line) ?? [];
    if ((dashes + rest).trim() === '' || rest.startsWith('#')) return [];
    const indent = blank.length;
    return [{ number: index + 1, offset: start + indent, indent, key: indent + dashes.length }];
  });
}

/** `key: value`, and no `: ` in the value. */
function hasOneKey(text: string, { offset }: Line): boolean {
  const end = text.indexOf('\n', offset);
  return text.slice(offset, end < 0 ? text.length : end).split(/:(?:\s|$)/).length === 2;
}

function spaces(count: number): string {
  return count === 1 ? '1 space' : `${count} spaces`;
}
