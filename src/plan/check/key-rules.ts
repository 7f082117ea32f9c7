import type { Json } from '../model/values.js';
import { jsonEquals, typeMismatch } from '../templates/input-types.js';
import { checkDef } from './action-rules.js';
import { refuseIdleKeys } from './idle-keys.js';
import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { suggest } from '../problems/suggest.js';
import { sourceSteps } from '../document/source-steps.js';
import type { InputType } from '../model/plan.js';

type Path = readonly PropertyKey[];

/** What a name must be to serve as an environment variable and in a template. */
const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What neighbouring tools call the action of a step. */
const ACTIONS_ELSEWHERE = new Set(['run', 'cmd', 'script', 'exec', 'uses']);

/** Checks what depends on several keys at once, as far as each is usable. */
export function checkRules(source: Record<string, unknown>, problems: Problems): void {
  checkInputs(source['inputs'], ['inputs'], problems);
  checkOutputNames(source['outputs'], problems);
  if (isMap(source['globals'])) checkEnvNames(source['globals']['env'], ['globals', 'env'], problems);
  if (isMap(source['globals'])) checkEnvNames(source['globals']['env_aliases'], ['globals', 'env_aliases'], problems);
  if (isMap(source['globals'])) checkLocks(source['globals']['locks'], ['globals', 'locks'], problems);
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    checkLocks(step['locks'], [...path, 'locks'], problems);
    checkAction(step, path, problems);
    checkFallbackUse(step, path, problems);
    checkEnvNames(step['env'], [...path, 'env'], problems);
    const def = step['step_def'];
    refuseIdleKeys(step, isMap(def) ? def['type'] : 'command', path, problems);
    if (!isMap(def)) continue;
    checkDef(def, [...path, 'step_def'], problems);
    if (def['type'] === 'approval') checkInputs(def['inputs'], [...path, 'step_def', 'inputs'], problems);
  }
}

function checkInputs(inputs: unknown, at: Path, problems: Problems): void {
  if (!isMap(inputs)) return;
  for (const [name, spec] of Object.entries(inputs)) {
    const path = [...at, name];
    if (!WORD.test(name) || name === '__proto__') {
      problems.add({
        code: 'invalid_name',
        path,
        message: `${quote(name)} is not a valid input name`,
        hint:
          at.length === 1
            ? 'inputs are environment variables of steps: use letters, digits and _, not starting with a digit'
            : 'inputs of an approval are its outputs: use letters, digits and _, not starting with a digit',
      });
    }
    if (isMap(spec)) checkInputSpec(spec, path, problems);
  }
}

/** They are read as the outputs of steps are; `run_id` is what every step that runs a plan has. */
function checkOutputNames(outputs: unknown, problems: Problems): void {
  if (!isMap(outputs)) return;
  for (const name of Object.keys(outputs)) {
    if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) && name !== '__proto__' && name !== 'run_id') continue;
    problems.add({
      code: 'invalid_name',
      path: ['outputs', name],
      message: `${quote(name)} is not a valid output name`,
      hint:
        name === 'run_id'
          ? 'every step that runs a plan already has this output: the id of its run'
          : 'use letters, digits, _ and -, not starting with a digit or dash',
    });
  }
}

function checkInputSpec(spec: Record<string, unknown>, path: Path, problems: Problems): void {
  const type = (spec['type'] ?? 'string') as InputType;
  const allowed = Array.isArray(spec['enum']) ? (spec['enum'] as Json[]) : [];
  const check = (value: Json, at: Path) => {
    const mismatch = typeMismatch(value, type);
    if (mismatch === undefined) return true;
    const plain = type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
    const hint = plain ? `put it in quotes: "${value}"` : undefined;
    problems.add({ code: 'wrong_type', path: at, message: `this value ${mismatch}`, hint });
    return false;
  };
  for (const [index, value] of allowed.entries()) check(value, [...path, 'enum', index]);
  const fallback = (spec['default'] ?? undefined) as Json | undefined;
  if (fallback === undefined || !check(fallback, [...path, 'default'])) return;
  if (allowed.length === 0 || allowed.some((value) => jsonEquals(value, fallback))) return;
  problems.add({
    code: 'invalid_value',
    path: [...path, 'default'],
    message: `the default ${quote(fallback)} is not one of the values of enum`,
  });
}

/** Refuses names that are no environment variables. */
export function checkEnvNames(env: unknown, path: Path, problems: Problems): void {
  if (!isMap(env)) return;
  for (const name of Object.keys(env)) {
    if (name !== '' && name !== '__proto__' && !/[=\0]/.test(name)) continue;
    problems.add({
      code: 'invalid_name',
      path: [...path, name],
      message: `${quote(name)} is not a valid environment variable name`,
      hint: "use letters, digits and _; '=' and NUL cannot be part of it",
    });
  }
}

function checkLocks(locks: unknown, path: Path, problems: Problems): void {
  if (!Array.isArray(locks)) return;
  for (const [index, name] of locks.entries()) {
    if (typeof name !== 'string' || locks.indexOf(name) === index) continue;
    problems.add({
      code: 'invalid_value',
      path: [...path, index],
      message: `the lock ${quote(name)} is named twice`,
      hint: 'remove one of the two',
    });
  }
}

/** A step has one action, and its fields stand where the action stands. */
function checkAction(step: Record<string, unknown>, path: Path, problems: Problems): void {
  const def = step['step_def'] ?? undefined;
  const plain = ['command', 'args', 'shell', 'stdin'].filter((key) => (step[key] ?? undefined) !== undefined);
  if (def === undefined) {
    if (plain.includes('command') || Object.keys(step).some(meansAction)) return;
    problems.add({
      code: 'missing_action',
      path,
      message: 'the step does nothing: it has neither command nor step_def',
      hint: 'write command, or step_def: {type: noop} for a step that only joins others',
    });
    return;
  }
  for (const key of plain) {
    const hint = key === 'command' ? 'remove one of the two' : `move '${key}' into step_def`;
    problems.add({
      code: 'conflicting_keys',
      path: [...path, key],
      message: `'${key}' and step_def cannot be used together`,
      hint,
    });
  }
  if (isMap(def)) checkTimeout(step, def, path, problems);
}

/** What was to be the action, under a name that is not known: that is said, and what to write. */
function meansAction(key: string): boolean {
  if (key.startsWith('x-')) return false;
  return ACTIONS_ELSEWHERE.has(key) || suggest(key, ['command', 'step_def']) !== undefined;
}

/** A failure that counts as a skip leaves nothing to make up for. */
function checkFallbackUse(step: Record<string, unknown>, path: Path, problems: Problems): void {
  const fallback = (step['fallback_step'] ?? undefined) !== undefined;
  if (step['on_failure'] === 'fallback_step' && !fallback) {
    problems.add({
      code: 'missing_key',
      path: [...path, 'on_failure'],
      message: "'on_failure: fallback_step' needs the step that it means",
      hint: 'write fallback_step: ID beside it',
    });
  }
  if (step['on_failure'] !== 'skip' || (step['fallback_step'] ?? undefined) === undefined) return;
  problems.add({
    code: 'conflicting_keys',
    path: [...path, 'fallback_step'],
    message: "'fallback_step' has no effect with on_failure: skip",
    hint: 'remove one of the two',
  });
}

function checkTimeout(
  step: Record<string, unknown>,
  def: Record<string, unknown>,
  path: Path,
  problems: Problems,
): void {
  const own = (def['timeout_sec'] ?? undefined) !== undefined;
  const outer = (step['timeout_sec'] ?? undefined) !== undefined;
  const timeout = [...path, 'timeout_sec'];
  if (own && outer) {
    problems.add({
      code: 'conflicting_keys',
      path: timeout,
      message: "'timeout_sec' is set both on the step and in step_def",
      hint: 'remove one of the two',
      related: [{ message: 'also here', path: [...path, 'step_def', 'timeout_sec'] }],
    });
  }
  if (outer && ['noop', 'wait', 'plan'].includes(def['type'] as string)) {
    const message = `a step of type '${String(def['type'])}' has no timeout_sec`;
    problems.add({ code: 'conflicting_keys', path: timeout, message, hint: 'remove it' });
  }
}
