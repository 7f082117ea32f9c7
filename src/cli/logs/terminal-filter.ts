import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { escapeControls } from '../terminal.js';

/** Makes the output of a step, in pieces, into text that a terminal may be given. */
export interface TerminalFilter {
  take(bytes: Buffer): string;
  end(): string;
}

/** A code that sets colours and the like: the only one that works. */
// oxlint-disable-next-line no-control-regex
const COLOUR = /\u001B\[[\d;:]{0,32}m/;
/** The beginning of a code, or of a line's end, whose rest may come with the next piece. */
// oxlint-disable-next-line no-control-regex
const OPEN = /(?:\u001B(?:\[[\d;:]{0,32})?|\r)$/;
const RESET = '\u001B[0m';

/**
 * Makes a filter. Colours stay, and end with the output. Every other code is taken out or escaped, and a carriage return
 * that would let a line be written over begins a new one.
 */
export function terminalFilter(): TerminalFilter {
  const decoder = new StringDecoder('utf8');
  let held = '';
  let coloured = false;
  const filter = (text: string): string => {
    const parts = text.replaceAll(/\r\n?/g, '\n').split(new RegExp(`(${COLOUR.source})`));
    coloured ||= parts.length > 1;
    return parts
      .map((part, place) => (place % 2 === 1 ? part : escapeControls(stripVTControlCharacters(part))))
      .join('');
  };
  return {
    take(bytes) {
      const text = held + decoder.write(bytes);
      held = OPEN.exec(text)?.[0] ?? '';
      return filter(text.slice(0, text.length - held.length));
    },
    end() {
      const rest = filter(held + decoder.end());
      held = '';
      return `${rest}${coloured ? RESET : ''}`;
    },
  };
}
