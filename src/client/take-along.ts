import type { Diagnostic } from '../plan/model/diagnostic.js';
import { looksSecret, secretHint } from '../plan/templates/secret-names.js';
import { namesIn } from '../plan/templates/expand-step.js';
import type { Plan } from '../plan/model/plan.js';

/** What the embedded service takes along besides: steps are meant to see the starter's tools. */
export const LAPTOP_NAMES: readonly string[] = [
  'PATH',
  'VIRTUAL_ENV',
  'LANG',
  'LANGUAGE',
  'LC_ALL',
  'LC_CTYPE',
  'LC_MESSAGES',
  'TZ',
];

export interface TakenAlong {
  env: Record<string, string>;
  diagnostics: Diagnostic[];
}

/**
 * The environment that a run takes along from the one who starts it: the names that the plan or one of
 * its sub-plans mentions or passes, what
 * was given by `--env`, and on the embedded service the PATH and locale.
 *
 * It stands in history in clear, so names that look like secrets are refused.
 */
export function takeAlong(
  plans: readonly Plan[],
  options: {
    from: Readonly<Record<string, string | undefined>>;
    given: Readonly<Record<string, string>>;
    embedded: boolean;
  },
): TakenAlong {
  const env: Record<string, string> = {};
  const diagnostics: Diagnostic[] = [];
  const wanted = [...new Set(plans.flatMap((plan) => [...plan.globals.pass_env, ...namesIn(plan)]))];
  for (const name of options.embedded ? [...LAPTOP_NAMES, ...wanted] : wanted) {
    const value = options.from[name];
    if (value === undefined || name in options.given) continue;
    if (looksSecret(name)) diagnostics.push(secretName(name));
    else env[name] = value;
  }
  for (const [name, value] of Object.entries(options.given)) {
    if (looksSecret(name)) diagnostics.push(secretName(name));
    else env[name] = value;
  }
  return { env, diagnostics };
}

function secretName(name: string): Diagnostic {
  return {
    code: 'secret_in_environment',
    severity: 'error',
    message: `${name} looks like a secret, and what is passed to a run is stored in plain text in its history`,
    hint: secretHint(name),
  };
}
