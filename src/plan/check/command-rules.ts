import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';

type Path = readonly PropertyKey[];

/** A shell that the first line of a script may name without another one being meant. */
const PLAIN_SHELL = /^#!\s*(?:\/\S*\/)?(?:env\s+(?:-S\s+)?)?(?:sh|dash)(?:\s|$)/;

/** Finds commands and scripts that would not run as they read. */
export function checkCommands(source: Record<string, unknown>, problems: Problems): void {
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    const def = step['step_def'];
    const [action, at] = isMap(def) ? [def, [...path, 'step_def']] : [step, path];
    const { command, shell, script, type } = action;
    if (typeof command === 'string' && (type === undefined || type === 'command')) {
      if (shell === true) checkScript(command, [...at, 'command'], problems);
      else checkProgram(command, [...at, 'command'], problems);
    }
    if (type === 'shell' && typeof script === 'string') checkScript(script, [...at, 'script'], problems);
  }
}

/** The name of a program may hold blanks in the names of its folders only, as far as anybody has seen. */
function checkProgram(command: string, path: Path, problems: Problems): void {
  const [first = '', ...rest] = command.trim().split(/\s+/);
  if (rest.length === 0 || /[/\\]/.test(first) || /[{}]/.test(command)) return;
  problems.add({
    code: 'command_line',
    path,
    message: `there is no program ${quote(command)}: without a shell, command is the name of the program alone`,
    hint: `write command: ${first} and args: ${JSON.stringify(rest)}, or add shell: true`,
  });
}

function checkScript(text: string, path: Path, problems: Problems): void {
  const line = text.split('\n', 1)[0]!.trim();
  if (line.startsWith('#!') && !PLAIN_SHELL.test(line)) {
    problems.add({
      severity: 'warning',
      code: 'shebang_ignored',
      path,
      message: `${quote(line)} has no effect: the script runs under sh`,
      hint: 'write command: bash with args: ["-ec", SCRIPT] for another shell, or put the script into a file and make that the command',
    });
  }
  if (!/\r(?:\n|$)/.test(text)) return;
  problems.add({
    severity: 'warning',
    code: 'carriage_return',
    path,
    message: 'the lines of the script end with a carriage return (\\r\\n), which sh takes for a part of the last word',
    hint: 'write \\n',
  });
}
