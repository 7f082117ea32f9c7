import type { AgentAction } from '../model/agent.js';
import { MAX_DEPTH } from '../document/faults.js';
import type { Json } from '../model/values.js';
import { scriptArguments } from './shell-scripts.js';
import type { CommandAction, PowershellAction, StepAction } from '../model/plan.js';
import { defined } from '../../basics/defined.js';
import { unreachable } from '../../basics/unreachable.js';

type Fill = (text: string) => string;
/** Gives the value itself where a template stands alone. */
type FillValue = (text: string) => Json;

/** Fills in the templates of what a step does; text of a shell or of PowerShell is passed on as written. */
export function expandAction(action: StepAction, fill: Fill, fillValue: FillValue): StepAction {
  switch (action.type) {
    case 'noop':
    case 'approval':
    case 'wait':
      return action;
    case 'agent':
      return expandAgent(action, fill);
    case 'plan':
      return { ...action, inputs: fillDeep(action.inputs, fillValue) as Readonly<Record<string, Json>> };
    case 'shell':
      return { ...action, ...filledStdin(action, fill) };
    case 'powershell':
      return { ...action, args: fillParameters(action.args, fill), ...filledStdin(action, fill) };
    case 'http':
      return {
        ...action,
        url: fill(action.url),
        method: fill(action.method).toUpperCase(),
        headers: Object.fromEntries(Object.entries(action.headers).map(([name, text]) => [name, fill(text)])),
        ...(action.body === undefined ? {} : { body: fillDeep(action.body, fillValue) }),
      };
    case 'command':
      return expandCommand(action, fill);
    default:
      return unreachable(action);
  }
}

function expandAgent(action: AgentAction, fill: Fill): AgentAction {
  const { prompt, hint, review, worktree } = action;
  return {
    ...action,
    ...(prompt === undefined ? {} : { prompt: fill(prompt) }),
    ...(hint === undefined ? {} : { hint: fill(hint) }),
    files: action.files.map(fill),
    ...(review?.prompt === undefined ? {} : { review: { ...review, prompt: fill(review.prompt) } }),
    ...(worktree === undefined ? {} : { worktree: fillWorktree(worktree, fill) }),
  };
}

function fillWorktree(
  { branch, base, ...rest }: NonNullable<AgentAction['worktree']>,
  fill: Fill,
): NonNullable<AgentAction['worktree']> {
  const texts = defined({ branch, base });
  return { ...fillTexts(texts, fill), ...rest };
}

function fillTexts<T extends Readonly<Record<string, string>>>(texts: T, fill: Fill): T {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fill(text)])) as T;
}

function expandCommand(action: CommandAction, fill: Fill): CommandAction {
  const { command, args, shell } = action;
  // Code both where the plan alone says so, as it was checked, and where only the filled words do.
  const scripts = shell
    ? new Set<number>()
    : new Set([...scriptArguments(command, args), ...scriptArguments(command, args, forgiving(fill))]);
  return {
    ...action,
    command: shell ? command : fill(command),
    args: args.map((text, index) => (scripts.has(index) ? text : fill(text))),
    ...filledStdin(action, fill),
  };
}

/** The search for scripts looks at scripts too, and those may hold what is no expression. */
function forgiving(fill: Fill): Fill {
  return (text) => {
    try {
      return fill(text);
    } catch {
      return text;
    }
  };
}

function filledStdin(action: { stdin?: string }, fill: Fill): { stdin?: string } {
  return action.stdin === undefined ? {} : { stdin: fill(action.stdin) };
}

function fillParameters(args: PowershellAction['args'], fill: Fill): PowershellAction['args'] {
  return fillDeep(args, fill) as PowershellAction['args'];
}

/** Strings of a JSON value, not keys; as deep as templates are looked for when a plan is checked. */
export function fillDeep(value: Json, fill: FillValue, depth = 0): Json {
  if (typeof value === 'string') return fill(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (isList(value)) return value.map((inner) => fillDeep(inner, fill, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fillDeep(inner, fill, depth + 1)]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
