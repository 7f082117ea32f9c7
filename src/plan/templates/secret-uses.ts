import { MAX_DEPTH } from '../document/faults.js';
import type { Json } from '../model/values.js';
import { readTemplate, secretsIn } from './template-text.js';
import type { Plan, Step, StepAction } from '../model/plan.js';

/** A text that holds secrets, in pieces: nothing that comes from outside can be taken for a secret's name. */
export interface SecretUse {
  /** Where the text belongs in what is executed: `['env', 'TOKEN']`, `['action', 'headers', 'Authorization']`. */
  path: readonly (string | number)[];
  parts: readonly (string | { secret: string })[];
}

/**
 * The texts of a step that a worker completes with secrets.
 *
 * @param fill fills in the templates of the step; `fillGlobal` those of `globals.env`
 */
export function secretUses(
  plan: Plan,
  step: Step,
  fill: { env: (text: string) => string; globalEnv: (text: string) => string; action: (text: string) => string },
): SecretUse[] {
  const uses: SecretUse[] = [];
  const look = (text: string, path: SecretUse['path'], filled: (text: string) => string): void => {
    if (secretsIn(text).length > 0) uses.push({ path, parts: partsOf(text, filled) });
  };
  for (const [name, text] of Object.entries(plan.globals.env)) {
    if (!Object.hasOwn(step.env, name)) look(text, ['env', name], fill.globalEnv);
  }
  for (const [name, text] of Object.entries(step.env)) look(text, ['env', name], fill.env);
  for (const [path, text] of privateTexts(step.action)) look(text, ['action', ...path], fill.action);
  return uses;
}

/** The pieces of a text that may hold secrets; what lies between them is filled in. */
export function partsOf(text: string, fill: (text: string) => string): SecretUse['parts'] {
  const parts: (string | { secret: string })[] = [];
  let rest = '';
  const flush = (): void => {
    if (rest !== '') parts.push(fill(rest));
    rest = '';
  };
  for (const part of readTemplate(text).parts) {
    if (typeof part === 'object' && 'secret' in part) {
      flush();
      parts.push({ secret: part.secret });
    } else if (typeof part === 'string') rest += part.replaceAll('$', '$$$$');
    else if ('expression' in part) rest += `\${{${part.expression}}}`;
    else rest += part.fallback === undefined ? `\${${part.name}}` : `\${${part.name}:-${part.fallback}}`;
  }
  flush();
  return parts;
}

/** What only the step, or the one it calls, sees. */
function* privateTexts(action: StepAction): Generator<[path: (string | number)[], text: string]> {
  if ('stdin' in action && action.stdin !== undefined) yield [['stdin'], action.stdin];
  if (action.type !== 'http') return;
  yield [['url'], action.url];
  for (const [name, text] of Object.entries(action.headers)) yield [['headers', name], text];
  if (action.body !== undefined) yield* deepTexts(action.body, ['body'], 0);
}

function* deepTexts(
  value: Json,
  path: (string | number)[],
  depth: number,
): Generator<[path: (string | number)[], text: string]> {
  if (typeof value === 'string') yield [path, value];
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
  const entries: Iterable<[string | number, Json]> = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, inner] of entries) yield* deepTexts(inner, [...path, key], depth + 1);
}
