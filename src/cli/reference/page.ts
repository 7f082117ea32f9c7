import type { EventEmitter } from 'node:events';
import { Help, type Argument, type Command, type Option } from 'commander';
import { EXIT } from '../context.js';
import { ENVIRONMENT } from './environment.js';

/** What each exit code means. */
const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  succeeded: 'succeeded',
  failed: 'the run failed; of other commands: it did not do what it was asked to do',
  usage: 'wrong usage, or an invalid plan',
  unreachable: 'the service cannot be reached, or no worker answers for the run',
  canceled: 'the run was canceled',
  quarantined: 'the run is quarantined: it waits for a decision',
  detached: 'Ctrl-C while following; the run continues',
};

const INTRODUCTION = `# Command line

<!-- \`npm run schemas\` writes this page from the commands themselves, and from src/cli/reference. -->

\`orch COMMAND --help\` prints what is said here about a command. Results go to stdout, progress and errors to stderr; with \`--json\`
stdout has JSON and nothing else, as [schemas](editors.md) describe it. \`orch\` without a command shows what waits for a person, which runs
are open, and what to type next.

A RUN is the id of a run, the beginning of it, the name of a plan for its latest run, \`@last\` for the run that began last, or
\`@last:failed\` for the last one that has this status. The name of one item of a \`foreach\` is a step, too: \`'extract[orders]'\`.
`;

const help = new Help();

/** Writes docs/cli-reference.md from the commands. */
export function cliReference(program: Command): string {
  const shared = new SharedOptions(program);
  const topics = topicsOf(program);
  return [
    INTRODUCTION,
    contents(topics),
    ...topics.map(({ topic, commands }) =>
      [`## ${topic}`, ...commands.map((each) => section(each, shared))].join('\n\n'),
    ),
    shared.chapter(),
    exitCodes(),
    environment(),
  ]
    .join('\n\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()
    .concat('\n');
}

/** All commands that do something, those of groups such as `orch schedule` with their group; none that is hidden. */
export function allCommands(program: Command): Command[] {
  return topicsOf(program).flatMap(({ commands }) => commands);
}

/** A command as it is called: `orch loop run`. */
export function nameOf(command: Command): string {
  const above = command.parent;
  return above === null ? command.name() : `${nameOf(above)} ${command.name()}`;
}

interface Topic {
  topic: string;
  commands: Command[];
}

function topicsOf(program: Command): Topic[] {
  const topics = new Map<string, Command[]>();
  for (const command of visible(program)) {
    const topic = command.helpGroup().replace(/:$/, '');
    topics.set(topic, [...(topics.get(topic) ?? []), ...(command.commands.length > 0 ? visible(command) : [command])]);
  }
  return [...topics].map(([topic, commands]) => ({ topic, commands }));
}

function visible(command: Command): Command[] {
  return help.visibleCommands(command).filter((each) => each.name() !== 'help');
}

function contents(topics: readonly Topic[]): string {
  const lines = topics.map(
    ({ topic, commands }) =>
      `- ${link(topic, topic)}: ${commands.map((each) => link(shortName(each), nameOf(each))).join(', ')}`,
  );
  return [
    ...lines,
    `- ${link('Exit codes', 'Exit codes')}, ${link('environment variables', 'Environment variables')}`,
  ].join('\n');
}

/** Without `orch`, as code. */
function shortName(command: Command): string {
  return `\`${nameOf(command).replace(/^orch /, '')}\``;
}

function link(text: string, heading: string): string {
  return `[${text}](#${heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')})`;
}

function section(command: Command, shared: SharedOptions): string {
  const own = help.visibleOptions(command).filter((option) => option.long !== '--help' && !shared.has(option));
  return [
    `### ${nameOf(command)}`,
    `\`\`\`\n${usage(command)}\n\`\`\``,
    sentence(command.description()),
    table(['argument', 'meaning'], help.visibleArguments(command).map(argumentRow)),
    table(['option', 'meaning'], own.map(optionRow)),
    shared.note(command),
    helpText(command),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function usage(command: Command): string {
  const isDefault =
    (command.parent as unknown as { _defaultCommandName?: string })._defaultCommandName === command.name();
  const line = help.commandUsage(command);
  return isDefault ? `${line}\n${line.replace(` ${command.name()}`, '')}` : line;
}

function argumentRow(argument: Argument): string[] {
  return [code(help.argumentTerm(argument)), cell(help.argumentDescription(argument))];
}

function optionRow(option: Option): string[] {
  return [code(help.optionTerm(option)), cell(withoutEmptyDefault(help.optionDescription(option)))];
}

/** Lists that are collected begin as empty ones. */
function withoutEmptyDefault(description: string): string {
  return description.replace(/ \(default: \[\]\)$/, '');
}

/** What is printed below a command's help. */
function helpText(command: Command): string {
  let text = '';
  // A command is one, though its types do not say so; this is how commander itself asks for the text.
  const events = command as unknown as EventEmitter;
  events.emit('afterHelp', { command, error: false, write: (more: string) => void (text += more) });
  return text.trim() === '' ? '' : `\`\`\`\n${text.replaceAll(/^\s*\n|\s+$/g, '')}\n\`\`\``;
}

/** Options that several commands have under a heading of their own. They are described once. */
class SharedOptions {
  private readonly groups = new Map<string, Option[]>();

  constructor(program: Command) {
    for (const option of allCommands(program).flatMap((command) => help.visibleOptions(command))) {
      const heading = option.helpGroupHeading ?? 'Options:';
      if (heading === 'Options:') continue;
      const group = this.groups.get(heading) ?? [];
      if (!group.some((each) => isSame(each, option))) this.groups.set(heading, [...group, option]);
    }
  }

  has(option: Option): boolean {
    return (this.groups.get(option.helpGroupHeading ?? '') ?? []).some((each) => isSame(each, option));
  }

  note(command: Command): string {
    const headings = new Set(help.visibleOptions(command).map((option) => option.helpGroupHeading ?? ''));
    const links = [...this.groups.keys()]
      .filter((each) => headings.has(each))
      .map((each) => link(lower(title(each)), title(each)));
    return links.length === 0 ? '' : `Also: ${links.join(', ')}.`;
  }

  chapter(): string {
    const groups = [...this.groups].map(
      ([heading, options]) => `### ${title(heading)}\n\n${table(['option', 'meaning'], options.map(optionRow))}`,
    );
    return ['## Options for files of other systems', ...groups].join('\n\n');
  }
}

function isSame(a: Option, b: Option): boolean {
  return a.flags === b.flags && a.description === b.description;
}

/** `Options for pipelines (codex.orchestrator.json):` without what is in parentheses. */
function title(heading: string): string {
  return heading.replace(/(?: \(.*\))?:$/, '');
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function exitCodes(): string {
  const rows = Object.entries(EXIT).map(([name, exitCode]) => [
    String(exitCode),
    EXIT_MEANINGS[name as keyof typeof EXIT],
  ]);
  return `## Exit codes\n\n${table(['code', 'meaning'], rows)}\n\n\`--strict\` counts warnings as failures.`;
}

function environment(): string {
  const groups = ENVIRONMENT.map(
    ({ topic, variables }) =>
      `### ${topic}\n\n${table(
        ['variable', 'meaning'],
        variables.map(({ name, meaning }) => [code(name), meaning]),
      )}`,
  );
  return [
    '## Environment variables',
    'What orch itself reads. What steps find in their environment is described in the ' +
      '[README](../README.md#inputs-and-environment), what notifications find in theirs in [notifications.md](notifications.md#commands), ' +
      'and the variables of loops in [loop.md](loop.md).',
    ...groups,
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly string[][]): string {
  if (rows.length === 0) return '';
  return [tableRow(head), `|${'---|'.repeat(head.length)}`, ...rows.map(tableRow)].join('\n');
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** A description in a table: what Markdown would take for a tag or a column is escaped. */
function cell(text: string): string {
  return text.replaceAll(/(`[^`]*`)|([<|])/g, (_, quoted?: string, sign?: string) => quoted ?? `\\${sign}`);
}

function sentence(description: string): string {
  return `${description.charAt(0).toUpperCase()}${cell(description.slice(1))}.`;
}
