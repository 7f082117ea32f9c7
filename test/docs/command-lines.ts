import { CommanderError, type Command, type Option } from 'commander';
import { giveBack } from '../../src/cli/greedy-options.js';
import { commandTree } from '../../src/cli/program.js';
import { blocksOf, type Page } from './pages.js';

/** A call of orch on a page. */
export interface Call {
  place: string;
  /** The words after `orch`. */
  words: string[];
  /** In a sentence: a command may be named without its arguments. */
  inText: boolean;
}

/** Every call of orch on a page: in blocks, and in code within the text. */
export function callsOf(page: Page): Call[] {
  return [...callsInBlocks(page), ...callsInText(page)];
}

/** Languages of blocks whose lines may be commands. */
const SHELLS = new Set(['sh', 'console', 'bash', 'yaml', 'yml', '']);

function callsInBlocks(page: Page): Call[] {
  return blocksOf(page).flatMap(({ language, text, line }) => {
    if (!SHELLS.has(language)) return [];
    return joined(text.split('\n')).flatMap(({ text: each, at }) => {
      if (language === 'console' && !each.startsWith('$ ')) return [];
      const shown = language === '' ? withoutRemark(each) : each;
      return callsInLine(shown.replace(/^\s*(?:\$ |- run: |run: )?/, '')).map((words) => ({
        place: `${page.file}:${line + at + 1}`,
        words,
        inText: false,
      }));
    });
  });
}

/** Lines that end in a backslash, with the next. */
function joined(lines: readonly string[]): { text: string; at: number }[] {
  const found: { text: string; at: number }[] = [];
  lines.forEach((line, at) => {
    const last = found.at(-1);
    if (last?.text.endsWith('\\')) last.text = last.text.slice(0, -1) + line.trim();
    else found.push({ text: line, at });
  });
  return found;
}

/** Blocks without a language have remarks beside the commands, without a sign. */
function withoutRemark(line: string): string {
  return line.replace(/^(\s*\S.*?) {2,}.*$/, '$1');
}

/** The calls of orch in a line of shell: after `&&`, in `$(…)`, with variables before it, by npx; not how a command is used. */
function callsInLine(line: string): string[][] {
  if (line.includes('[options]')) return [];
  const inner = [...line.matchAll(/\$\(((?:[^()'"]|'[^']*'|"[^"]*")*)\)/g)].flatMap(([, each = '']) =>
    callsInLine(each),
  );
  return [
    ...inner,
    ...commandsOf(line).flatMap((words) => {
      const first = words.findIndex((word) => !/^\w+=/.test(word) && word !== 'npx' && word !== 'env');
      return words[first] === 'orch' ? [words.slice(first + 1)] : [];
    }),
  ];
}

/** Splits a line of shell into commands, and these into words; without redirections and remarks. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  const tokens = line.matchAll(
    /(?<remark>(?<=^|\s)#.*)|(?<between>[;&|()]+)|(?<redirect>\d?[<>]+&?\d?)|(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s;&|()<>'"])+/g,
  );
  let redirected = false;
  for (const { 0: token, groups } of tokens) {
    if (groups?.['remark'] !== undefined) break;
    if (groups?.['between'] !== undefined) commands.push([]);
    else if (groups?.['redirect'] !== undefined) redirected = !/&\d$/.test(token);
    else if (redirected) redirected = false;
    else commands.at(-1)!.push(token.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, a, b, c) => a ?? b ?? c));
  }
  return commands.filter((words) => words.length > 0);
}

function callsInText(page: Page): Call[] {
  const text = page.text.replaceAll(/^ *```[^]*?^ *```$/gm, (block) => '\n'.repeat(block.split('\n').length - 1));
  return [...text.matchAll(/`(?:npx )?orch ([^`]+)`/g)].map((match) => ({
    place: `${page.file}:${text.slice(0, match.index).split('\n').length}`,
    words: match[1]!.split(/\s+/).map((word) => word.replace(/\\?[|,].*$/, '')),
    inText: true,
  }));
}

/** What is wrong with a call: a command or an option that is not there, an argument that is missing; nothing is run. */
export async function faultOf({ place, words, inText }: Call): Promise<string | undefined> {
  const said = inText ? unknownWord(words) : await refusalOf(words);
  return said === undefined ? undefined : `${place}: orch ${words.join(' ')}: ${said}`;
}

/** Of a call in a sentence: its commands and its options are to be there. */
function unknownWord(words: readonly string[]): string | undefined {
  let command: Command = commandTree();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word.startsWith('--')) {
      const flag = word.split('=')[0]!;
      const option = optionsOf(command).find(({ long }) => long === flag);
      if (option === undefined && flag !== '--help' && flag !== '--version') return `no option ${flag}`;
      if (option?.required === true) at += 1;
    } else if (command.commands.length > 0) {
      if (!/^[a-z][a-z-]*$/.test(word)) return undefined; // a placeholder, or a file
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) return `no command '${word}'`;
      command = next;
    }
  }
  return undefined;
}

/** Of a group that has a default command, as `orch loop`, those of its commands count, too. */
function optionsOf(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap((each) => (command.parent === null ? [] : each.options))];
}

async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  const program = silenced(commandTree());
  const [name = '', ...rest] = words;
  const command = program.commands.find((each) => each.name() === name);
  try {
    await program.parseAsync(command === undefined ? [...words] : [name, ...giveBack(command, rest)], { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 || words.length === 0 ? undefined : error.message;
    throw error;
  }
}

const nothing = (): void => {};

/** Has the commands do and print nothing. */
function silenced(command: Command): Command {
  command.exitOverride().configureOutput({ writeOut: nothing, writeErr: nothing, outputError: nothing });
  if (command.commands.length === 0) command.action(nothing);
  for (const each of command.commands) silenced(each);
  return command;
}
