import type { StepAction } from '../plan/model/plan.js';
import { unreachable } from '../basics/unreachable.js';

/** The tool that a step uses, by which breakers count: the program's name, or the kind of step where it has none. */
export function toolOf(action: StepAction): string | undefined {
  switch (action.type) {
    case 'command':
      return action.shell ? 'shell' : baseName(action.command);
    case 'shell':
    case 'powershell':
    case 'http':
      return action.type;
    case 'agent':
      return action.agent;
    case 'approval':
    case 'wait':
    case 'plan':
    case 'noop':
      return undefined;
    default:
      return unreachable(action);
  }
}

function baseName(command: string): string {
  return command.slice(Math.max(command.lastIndexOf('/'), command.lastIndexOf('\\')) + 1) || command;
}
