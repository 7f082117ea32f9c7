import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processIds } from '../host/proc.js';

/** A process of this machine, and what it was started with. */
export interface TableEntry {
  pid: number;
  /** The program, with all words before the first option. */
  words: string[];
  /** Options and their values, in order; one without a value has an empty one. */
  options: [name: string, value: string][];
}

/** All processes whose command line holds `text`. Empty on Windows, where it cannot be had cheaply. */
export function processesNaming(text: string): TableEntry[] {
  if (process.platform === 'linux') return fromProc(text);
  return process.platform === 'win32' ? [] : fromPs(text);
}

/** The value of an option, the first where there are several. */
export function optionOf({ options }: TableEntry, name: string): string | undefined {
  return options.find(([option]) => option === name)?.[1];
}

function fromProc(text: string): TableEntry[] {
  return processIds().flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes(text) ? [parse(pid, line.replace(/\0$/, '').split('\0'))] : [];
    } catch {
      return []; // it ended in between
    }
  });
}

/** `ps` joins the arguments by blanks, which values may hold too; so all up to the next option is taken for the value. */
function fromPs(text: string): TableEntry[] {
  const lines = execFileSync('ps', ['-axww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n');
  return lines.flatMap((line) => {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (!args?.includes(text)) return [];
    const [words = '', ...options] = args.trimEnd().split(/ (?=--[a-z])/);
    return parse(Number(pid), [words, ...options.flatMap((option) => option.split(/ (.*)/s, 2))]);
  });
}

function parse(pid: number, args: string[]): TableEntry {
  const first = args.findIndex((arg) => arg.startsWith('--'));
  const end = first === -1 ? args.length : first;
  const options: TableEntry['options'] = [];
  for (let i = end; i < args.length; i++) {
    const value = args[i + 1];
    if (value === undefined || value.startsWith('--')) options.push([args[i] ?? '', '']);
    else options.push([args[i++] ?? '', value]);
  }
  return { pid, words: args.slice(0, end), options };
}
