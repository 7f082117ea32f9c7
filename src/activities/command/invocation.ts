import { SpawnError } from '../../process/index.js';
import { powershellInvocation } from './powershell.js';
import type { StepTask } from '../../contract/step-task.js';
import { defined } from '../../basics/defined.js';
import { unreachable } from '../../basics/unreachable.js';

/** What to execute for an action, and what it reads. */
export interface Invocation {
  file: string;
  args: readonly string[];
  stdin?: string;
  /** Under the step's own environment. */
  env?: Readonly<Record<string, string>>;
  /** Over it. */
  over?: Readonly<Record<string, string>>;
}

/** Turns an action into a program and its arguments. @throws SpawnError where PowerShell is missing. */
export function invocation(
  action: Exclude<StepTask['action'], { type: 'http' | 'agent' }>,
  env: Readonly<Record<string, string>>,
): Invocation {
  const stdin = defined({ stdin: action.stdin });
  switch (action.type) {
    case 'command':
      return { ...(action.shell ? shellLine(action.command, action.args) : plain(action)), ...stdin };
    case 'shell':
      return { ...shellScript(action), ...stdin };
    case 'powershell': {
      const found = powershellInvocation(action, env);
      if (found.ok) return found.value;
      throw new SpawnError(`${found.error.message}. ${found.error.hint}`);
    }
    default:
      return unreachable(action);
  }
}

function plain(action: { command: string; args: readonly string[] }): Invocation {
  return { file: action.command, args: action.args };
}

/** `args` follow the line as words of their own: no value of theirs is ever read by the shell as code. */
function shellLine(line: string, args: readonly string[]): Invocation {
  if (process.platform === 'win32') return { file: 'cmd.exe', args: ['/d', '/s', '/c', line, ...args] };
  return { file: '/bin/sh', args: ['-c', args.length === 0 ? line : `${line} "$@"`, 'sh', ...args] };
}

/** A script stops at its first failing command (`sh -e`), as a reader of a plan expects of a step. */
function shellScript(action: { script?: string; script_file?: string }): Invocation {
  const shell = process.platform === 'win32' ? 'sh' : '/bin/sh';
  if (action.script_file !== undefined) return { file: shell, args: ['-e', action.script_file] };
  return { file: shell, args: ['-e', '-c', action.script ?? '', 'sh'] };
}
