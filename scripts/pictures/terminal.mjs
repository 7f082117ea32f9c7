// What a command shows on a terminal, as HTML: tmux is the terminal.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const COLORS = ['#3b4252', '#ff6b6b', '#7bd88f', '#fce566', '#6cb6ff', '#d2a8ff', '#56d4dd', '#e6edf3'];
const BRIGHT = ['#8b949e', '#ff8e8e', '#a5e6b0', '#fff0a0', '#9dcfff', '#e4c9ff', '#8ce7ee', '#ffffff'];

export class Terminal {
  #socket = path.join(mkdtempSync(path.join(os.tmpdir(), 'orch-terminal-')), 'tmux');

  /** Starts a line of shell in a terminal of so many columns and rows. */
  constructor(line, { columns, rows, cwd, env }) {
    const size = ['-x', String(columns), '-y', String(rows)];
    const { TMUX: _, ...own } = env;
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', ...size, '-c', cwd, line], { ...own, TERM: 'xterm-256color' });
  }

  /** What is shown now; with the escape sequences of styles where `styles` is true. */
  text(styles = false) {
    return this.#tmux(['capture-pane', '-p', ...(styles ? ['-e'] : [])]).replace(/\n+$/, '\n');
  }

  close() {
    this.#tmux(['kill-server']);
  }

  #tmux(args, env = process.env) {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { env, encoding: 'utf8' });
  }
}

/** A page with one element, `#terminal`, that shows a text with escape sequences as a terminal does. */
export function terminalPage(command, text) {
  const prompt = `<span style="color:${COLORS[2]}">$</span> ${escaped(command)}\n`;
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #fff }
    #terminal { display: inline-block; padding: 16px 20px; background: #0d1117; color: #e6edf3; border-radius: 8px;
      font: 14px/1.45 "DejaVu Sans Mono", monospace; white-space: pre }
  </style><div id="terminal">${prompt}${html(text.trimEnd())}</div>`;
}

/** What styles text, and what links it. */
const ESCAPE = String.raw`\u001B`;
const LINK = new RegExp(`${ESCAPE}\\]8;[^${ESCAPE}]*${ESCAPE}\\\\`, 'g');
const STYLE_OR_WORDS = new RegExp(`${ESCAPE}\\[([\\d;]*)m|([^${ESCAPE}]+)`, 'g');

function html(text) {
  let style = {};
  return text.replaceAll(LINK, '').replaceAll(STYLE_OR_WORDS, (_, codes, words) => {
    if (words !== undefined) return `<span style="${css(style)}">${escaped(words)}</span>`;
    for (const code of (codes || '0').split(';').map(Number)) style = styled(style, code);
    return '';
  });
}

function styled(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code >= 30 && code <= 37) return { ...style, color: COLORS[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, color: BRIGHT[code - 90] };
  if (code === 39) return { ...style, color: undefined };
  return style;
}

function css({ bold, dim, color }) {
  return `${bold ? 'font-weight:bold;' : ''}${dim ? 'opacity:.6;' : ''}${color === undefined ? '' : `color:${color}`}`;
}

function escaped(text) {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  // Dots that turn come from another font, whose signs are wider.
  return safe.replaceAll(
    /[\u2800-\u28FF]/g,
    '<span style="display:inline-block;width:1ch;overflow:hidden;height:1em">$&</span>',
  );
}
