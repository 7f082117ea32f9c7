import type { Argument, Command, Option } from 'commander';

/** Something that a word may become, and what it is. */
export interface Candidate {
  value: string;
  text?: string;
}

/** What candidates may be, besides words of the command line itself. */
export interface Sources {
  runs(): Promise<Candidate[]>;
  /** Names of schedules. */
  schedules(): Promise<Candidate[]>;
  /** Steps of a run, or of a plan's file. */
  steps(of: { run: string } | { file: string }): Promise<Candidate[]>;
}

/** What the last word of a command line may become; `files` where it may be the name of a file, too. */
export interface Candidates {
  found: Candidate[];
  files: boolean;
}

/** Where a command line stands before its last word. */
interface Place {
  command: Command;
  /** The arguments that the command has so far. */
  given: string[];
  /** The option whose value comes next. */
  option?: Option;
}

/** @param words the command line after `orch`; the last one is what is being typed, and may be empty */
export async function candidates(program: Command, words: readonly string[], sources: Sources): Promise<Candidates> {
  const typed = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const { found, files } = await possible(place, typed, sources);
  return { found: found.filter(({ value }) => value.startsWith(typed)), files };
}

function placeOf(program: Command, words: readonly string[]): Place {
  const place: Place = { command: program, given: [] };
  for (const word of words) {
    const { command, option } = place;
    const isFlag = word.startsWith('-') && word !== '-';
    if (option !== undefined && !isFlag) {
      // One that takes several goes on until the next flag; where the plan comes after it, is not to be known.
      if (!option.variadic) delete place.option;
      continue;
    }
    delete place.option;
    if (isFlag) {
      const flag = command.options.find(({ short, long }) => word === short || word === long);
      if (flag?.required === true) place.option = flag;
      continue;
    }
    const below = place.given.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (below === undefined) place.given.push(word);
    else place.command = below;
  }
  return place;
}

async function possible({ command, given, option }: Place, typed: string, sources: Sources): Promise<Candidates> {
  if (typed.startsWith('-')) return { found: flagsOf(command), files: false };
  if (option !== undefined) {
    const name = /<(\w+)/.exec(option.flags)?.[1] ?? '';
    return valuesOf({ name, choices: option.argChoices }, given, command, sources);
  }
  if (command.commands.length > 0 && given.length === 0) return { found: commandsOf(command), files: false };
  const argument = argumentAt(command, given.length);
  if (argument === undefined) return { found: [], files: false };
  return valuesOf({ name: argument.name(), choices: argument.argChoices }, given, command, sources);
}

function argumentAt({ registeredArguments }: Command, index: number): Argument | undefined {
  const last = registeredArguments.at(-1);
  return registeredArguments[index] ?? (last?.variadic === true ? last : undefined);
}

async function valuesOf(
  { name, choices }: { name: string; choices?: readonly string[] | undefined },
  [first]: readonly string[],
  command: Command,
  sources: Sources,
): Promise<Candidates> {
  if (choices !== undefined) return { found: choices.map((value) => ({ value })), files: false };
  if (name === 'run') return { found: await sources.runs(), files: false };
  if (name === 'schedule') return { found: await sources.schedules(), files: false };
  if (name === 'step') {
    if (first === undefined) return { found: [], files: false };
    const of = command.registeredArguments[0]?.name() === 'run' ? { run: first } : { file: first };
    return { found: await sources.steps(of), files: false };
  }
  return { found: [], files: ['plan', 'file', 'folder', 'path'].includes(name) };
}

function flagsOf(command: Command): Candidate[] {
  const flags = command.options.filter(({ hidden }) => !hidden);
  return [
    ...flags.flatMap(({ long, description }) => (long ? [{ value: long, text: description }] : [])),
    { value: '--help', text: 'show what the command does' },
  ];
}

function commandsOf(command: Command): Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ value: each.name(), text: each.description() }));
}
