import type { Diagnostic, Result } from '../model/diagnostic.js';
import type { Json } from '../model/values.js';
import { convertText, jsonEquals, typeMismatch } from './input-types.js';
import { quote, toDiagnostic } from '../problems/problems.js';
import { mentionedNames } from './mentioned-names.js';
import { looksSecret, secretHint } from './secret-names.js';
import { didYouMean } from '../problems/suggest.js';
import type { ApprovalAction, InputSpec, Plan, PlanAction } from '../model/plan.js';

const UNDECLARED: InputSpec = { type: 'string', required: false };

/**
 * Turns what a run was given into its inputs: strings of the command line are converted to the declared types,
 * defaults filled in, and everything that is wrong told at once.
 *
 * A name that the plan mentions (`${NAME}`) without declaring it takes a string: older plans declare nothing.
 *
 * @returns inputs by name; one that is not required, has no default and was not given is left out
 */
export function resolveInputs(plan: Plan, given: Readonly<Record<string, unknown>>): Resolved {
  return resolve({ ...undeclared(plan, given), ...plan.inputs }, given, {
    owner: 'the plan',
    mentioned: () => mentionedNames(plan),
    path: (name) => ['inputs', name],
    toSteps: true,
    unknown: (name) => (looksSecret(name) ? secretHint(name) : `other values may be given with --env ${name}=VALUE`),
    missing: giveIt,
  });
}

function undeclared(plan: Plan, given: Readonly<Record<string, unknown>>): Record<string, InputSpec> {
  const names = Object.keys(given).filter((name) => !Object.hasOwn(plan.inputs, name));
  if (names.length === 0) return {};
  const mentioned = mentionedNames(plan);
  const specs = names.filter((name) => mentioned.has(name)).map((name): [string, InputSpec] => [name, UNDECLARED]);
  return Object.fromEntries(specs);
}

/** The same for what an approver gave. Its diagnostics have no path: who approves has not the plan's file before them. */
export function resolveApprovalInputs(
  action: Pick<ApprovalAction, 'inputs'>,
  given: Readonly<Record<string, unknown>>,
): Resolved {
  const names = Object.keys(action.inputs);
  return resolve(action.inputs, given, {
    owner: 'the approval',
    path: () => [],
    unknown: () => (names.length === 0 ? 'it asks for none' : `it asks for ${names.join(', ')}`),
    missing: giveIt,
  });
}

function giveIt(name: string): string {
  return `give it with --input ${name}=VALUE`;
}

/**
 * The same for what a step gives to the plan that it runs.
 *
 * @param path where the step writes its `inputs`
 */
export function resolveSubPlanInputs(
  action: Pick<PlanAction, 'plan'>,
  specs: Readonly<Record<string, InputSpec>>,
  given: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[] = [],
): Resolved {
  const names = Object.keys(specs);
  const placeOf = (name: string) => (path.length === 0 || !Object.hasOwn(given, name) ? path : [...path, name]);
  return resolve(specs, given, {
    owner: `the plan ${quote(action.plan)}`,
    path: placeOf,
    unknownPath: placeOf,
    unknown: () => (names.length === 0 ? 'it declares none' : `it declares ${names.join(', ')}`),
    missing: (name) => `give it under inputs of the step, or give ${name} a default in that plan`,
  });
}

type Resolved = Result<Record<string, Json>, Diagnostic[]>;

/** What messages say of the one who declares the inputs. */
interface Declarer {
  owner: string;
  /** Names that need no declaration. */
  mentioned?: () => Iterable<string>;
  path: (name: string) => readonly PropertyKey[];
  /** Whether each process of a run will have them. */
  toSteps?: true;
  /** The same for a name that it does not declare; none where nobody wrote it into a plan. */
  unknownPath?: (name: string) => readonly PropertyKey[];
  /** Hint for a name that is near none. */
  unknown: (name: string) => string;
  /** Hint for a required one that was not given. */
  missing: (name: string) => string;
}

function resolve(
  specs: Readonly<Record<string, InputSpec>>,
  given: Readonly<Record<string, unknown>>,
  declarer: Declarer,
): Resolved {
  const diagnostics = unknownInputs(specs, given, declarer);
  const values: [string, Json][] = [];
  for (const [name, spec] of Object.entries(specs)) {
    const resolved = resolveInput(name, spec, Object.hasOwn(given, name) ? given[name] : undefined, declarer);
    if (resolved === undefined) continue;
    if ('diagnostic' in resolved) diagnostics.push(resolved.diagnostic);
    else values.push([name, resolved.value]);
  }
  return diagnostics.length > 0 ? { ok: false, error: diagnostics } : { ok: true, value: Object.fromEntries(values) };
}

/** An input as an environment variable: strings as they are, everything else as JSON. */
export function inputToEnv(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function unknownInputs(
  specs: Readonly<Record<string, InputSpec>>,
  given: Readonly<Record<string, unknown>>,
  declarer: Declarer,
): Diagnostic[] {
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(specs, name))
    .map((name) =>
      toDiagnostic({
        code: 'unknown_input',
        path: declarer.unknownPath?.(name) ?? [],
        message: `${declarer.owner} has no input ${quote(name)}`,
        hint: didYouMean(name, [...Object.keys(specs), ...(declarer.mentioned?.() ?? [])]) ?? declarer.unknown(name),
      }),
    );
}

function resolveInput(
  name: string,
  spec: InputSpec,
  given: unknown,
  declarer: Declarer,
): { value: Json } | { diagnostic: Diagnostic } | undefined {
  const path = declarer.path(name);
  if (given === undefined || given === null) {
    if (spec.default !== undefined) return { value: spec.default };
    if (!spec.required) return undefined;
    const message = `the input '${name}' has no value`;
    return { diagnostic: toDiagnostic({ code: 'missing_input', path, message, hint: declarer.missing(name) }) };
  }
  const converted = convert(given, spec);
  if ('mismatch' in converted) {
    const message = `the input '${name}' ${converted.mismatch}`;
    return { diagnostic: toDiagnostic({ code: 'wrong_type', path, message }) };
  }
  if (declarer.toSteps && typeof converted.value === 'string' && converted.value.includes('\0')) {
    const message = `the input '${name}' holds a NUL character, which no environment variable can carry`;
    return { diagnostic: toDiagnostic({ code: 'invalid_value', path, message, hint: 'put it into a file' }) };
  }
  if (spec.enum === undefined || spec.enum.some((allowed) => jsonEquals(allowed, converted.value))) return converted;
  const allowed = spec.enum.map((value) => inputToEnv(value));
  const message = `the input '${name}' must be one of ${allowed.join(', ')}, not ${quote(inputToEnv(converted.value))}`;
  const hint = didYouMean(inputToEnv(converted.value), allowed);
  return { diagnostic: toDiagnostic({ code: 'invalid_value', path, message, hint }) };
}

function convert(given: unknown, spec: InputSpec): { value: Json } | { mismatch: string } {
  if (typeof given === 'string') return convertText(given, spec.type);
  const mismatch = typeMismatch(given as Json, spec.type);
  return mismatch === undefined ? { value: given as Json } : { mismatch };
}
