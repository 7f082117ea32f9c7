import { randomUUID } from 'node:crypto';
import pc from 'picocolors';
import type { Colors, Formatter } from 'picocolors/types.js';

/**
 * Stands before each code of a style of ours until the text is written. Nobody else can know it, so whatever else in a
 * text looks like a code came from a plan, a step or an agent, and is shown instead of obeyed.
 */
const MARK = `\u001B${randomUUID()}`;

/** Control characters but tab and newline, and what turns the direction of text or ends a line unseen. */
const UNSAFE = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;

/**
 * Text without anything that a terminal obeys. What is taken out stands there as JSON and YAML escape it (`\u001b`), so
 * that a document in one of the two still says the same.
 */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether {@link escapeControls} would change the text. */
export function hasControls(text: string): boolean {
  return text.search(UNSAFE) >= 0;
}

/** Makes a text as it is to be written: our own styles work, all else that would steer the terminal is escaped. */
export function paint(text: string): string {
  const [first = '', ...styled] = text.split(MARK);
  const rest = styled.map((piece) => {
    // oxlint-disable-next-line no-control-regex
    const code = /^\[\d+(?:;\d+)*m|^\]8;;[!-~]*\u0007/.exec(piece)?.[0] ?? '';
    return `${code === '' ? '' : `\u001B${code}`}${escapeControls(piece.slice(code.length))}`;
  });
  return [escapeControls(first), ...rest].join('');
}

/** How texts are shown. */
export interface Styles extends Colors {
  /** A text that leads to an address, where the terminal shows links; it takes the columns of the text alone. */
  link(this: void, text: string, address: string | undefined): string;
  /** Whether it does: what costs something to find need not be looked for where it does not. */
  showsLinks: boolean;
}

/** Styles whose codes only {@link paint} makes work. */
export function createStyles(enabled: boolean, links = false): Styles {
  return { ...createColors(enabled), link: links ? linked : (text) => text, showsLinks: links };
}

/** What a terminal reads as an address has no blanks or control characters, so nothing in it ends the code. */
function linked(text: string, address: string | undefined): string {
  if (address === undefined || !/^[!-~]+$/.test(address)) return text;
  return `${MARK}]8;;${address}\u0007${text}${MARK}]8;;\u0007`;
}

function createColors(enabled: boolean): Colors {
  const plain = pc.createColors(enabled);
  if (!enabled) return plain;
  const marked = Object.entries(plain).map(([name, format]) => [
    name,
    typeof format === 'function' ? withMarks(format as Formatter) : format,
  ]);
  return Object.fromEntries(marked) as Colors;
}

function withMarks(format: Formatter): Formatter {
  const [open = '', close = ''] = format('|')
    .split('|')
    .map((code) => code.replaceAll('\u001B', MARK));
  return (text) => `${open}${String(text)}${close}`;
}
