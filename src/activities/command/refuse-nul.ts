import type { StepTask } from '../../contract/step-task.js';

/** What a step is given cannot be given to a process. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/**
 * Refuses values with a NUL character by their place: the system ends arguments and variables with it. Their text stays
 * out of the message, for it may be anything.
 *
 * @throws InputError
 */
export function refuseNul({ action, env, cwd }: Pick<StepTask, 'action' | 'env' | 'cwd'>): void {
  const place = placesOf(action, env, cwd).find(([, value]) => value.includes('\0'))?.[0];
  if (place === undefined) return;
  throw new InputError(
    `${place} holds a NUL character, which no argument, variable or path can carry; pass it by stdin or in a file`,
  );
}

function placesOf(
  action: StepTask['action'],
  env: Readonly<Record<string, string>>,
  cwd: readonly string[],
): [place: string, value: string][] {
  const { command, args } = action as { command?: unknown; args?: unknown };
  return [
    ...(typeof command === 'string' ? [['the command', command] as [string, string]] : []),
    ...argumentsOf(args),
    ...Object.entries(env).map(([name, value]): [string, string] => [`the environment variable ${name}`, value]),
    ...cwd.map((part): [string, string] => ['cwd', part]),
  ];
}

/** A list, or names with values: those of PowerShell. */
function argumentsOf(args: unknown): [place: string, value: string][] {
  if (typeof args !== 'object' || args === null) return [];
  const isList = Array.isArray(args);
  return Object.entries(args as Record<string, unknown>).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[isList ? `args[${key}]` : `args.${key}`, value]] : [],
  );
}
