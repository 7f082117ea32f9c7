import type { z } from 'zod';
import type { DiagnosticCode } from '../problems/codes.js';
import { valueAt } from '../problems/paths.js';
import { quote, typeName, type Problem, type Problems } from '../problems/problems.js';
import { didYouMean } from '../problems/suggest.js';
import { foreignKey, strangeKey } from './foreign-keys.js';
import { planSchema } from './plan.js';
import { knownKeys } from './known-keys.js';

type Issue = z.core.$ZodIssue;

/** Comparing names costs; a file with more misspelt keys than this has another problem. */
const MAX_SUGGESTIONS = 100;

/** What is to be said where a document differs from a schema; the plan language itself is one. */
export interface SchemaWords {
  /** Misspelt keys are compared with those that it knows. */
  schema: z.ZodType;
  /** The document is no map. */
  notADocument(value: unknown): Problem;
  /** The key that names the version of the language (default `version`), and what is said where it is another one. */
  versionKey?: string;
  wrongVersion(value: unknown): Problem;
  /** A key whose place is elsewhere, or that a neighbouring tool has; undefined where it is neither. */
  foreignKey?(parent: readonly PropertyKey[], key: string, source: unknown): Pick<Problem, 'hint'> | undefined;
  /** A key that nothing is near. `known` are those that may stand there. */
  /** True where no unknown key is an error, also one that is near a known one. */
  onlyWarns?: true;
  strangeKey(parent: readonly PropertyKey[], key: string, known: readonly string[]): Pick<Problem, 'hint' | 'severity'>;
}

/** Tells in a language's own words what its schema found. `source` is the document that it looked at. */
export function addSchemaIssues(
  issues: readonly Issue[],
  source: unknown,
  problems: Problems,
  words: SchemaWords = PLAN_WORDS,
): void {
  let suggestions = 0;
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') {
      problems.add(describeIssue(issue, source, words));
      continue;
    }
    const known = knownKeys(issue.path, source, words.schema);
    for (const key of issue.keys) {
      if (isFreeKey(key)) continue;
      suggestions += 1;
      const near = suggestions > MAX_SUGGESTIONS ? undefined : didYouMean(key, known);
      const said =
        words.foreignKey?.(issue.path, key, source) ??
        (near === undefined ? words.strangeKey(issue.path, key, known) : { hint: near });
      const mild = words.onlyWarns ? { severity: 'warning' as const } : {};
      const message = `unknown key ${quote(key)}`;
      problems.add({ code: 'unknown_key', path: [...issue.path, key], message, ...said, ...mild });
    }
  }
}

/** `x-…` belongs to whoever wrote it, `$schema` to editors. */
function isFreeKey(key: string): boolean {
  return key.startsWith('x-') || key === '$schema';
}

const PLAN_WORDS: SchemaWords = {
  schema: planSchema,
  notADocument: (value) => ({
    code: 'not_a_plan',
    path: [],
    message: `a plan is a map with plan_id and steps, not ${typeName(value)}`,
  }),
  versionKey: 'language',
  wrongVersion: wrongLanguage,
  foreignKey,
  strangeKey,
};

function wrongLanguage(value: unknown): Problem {
  const meant = value === 1 || value === '1';
  return {
    code: 'unsupported_version',
    path: ['language'],
    message: `the plan language ${JSON.stringify(value)} is not supported; this orch reads "1.0"`,
    hint: meant
      ? 'write "1.0", with the quotes'
      : 'write "1.0", or use the version of orch that the plan was written for',
  };
}

function describeIssue(
  issue: Exclude<Issue, z.core.$ZodIssueUnrecognizedKeys>,
  source: unknown,
  words: SchemaWords,
): Problem {
  const { path } = issue;
  const value = valueAt(source, path);
  if (path.length === 0) return words.notADocument(value);
  if (path.length === 1 && path[0] === (words.versionKey ?? 'version') && value != null)
    return words.wrongVersion(value);
  if (value === undefined || (value === null && path.at(-2) !== 'env' && typeof path.at(-1) === 'string')) {
    return {
      code: 'missing_key',
      path,
      message: `'${String(path.at(-1))}' is missing${where(path)}`,
      hint: missingHint(path),
    };
  }
  const label = labelOf(path);
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(path, value, expectedType(issue.expected, value));
    case 'too_small':
    case 'too_big':
      return { code: 'out_of_range', path, message: `${label} must ${rangeOf(issue)}`, hint: rangeHint(path, value) };
    case 'invalid_value':
      return oneOf(path, value, issue.values.map(String));
    case 'invalid_format': {
      const code: DiagnosticCode = ['id', 'plan_id'].includes(String(path.at(-1))) ? 'invalid_id' : 'invalid_value';
      return {
        code,
        path,
        message: `${quote(value)} is not a valid ${String(path.at(-1))}`,
        hint: `a valid one ${issue.message}`,
      };
    }
    case 'invalid_union':
      return describeUnion(issue, path, value, source, words);
    default:
      return { code: 'invalid_value', path, message: `${label}: ${issue.message}` };
  }
}

/** What to write for a key that every plan or step has. */
function missingHint(path: readonly PropertyKey[]): string | undefined {
  if (path.length === 1 && path[0] === 'plan_id') return 'write plan_id: NAME; runs of the plan are named after it';
  if (path.length === 1 && path[0] === 'steps') return 'write a list: steps: [{id: NAME, command: PROGRAM}]';
  const isStep = (path[0] === 'steps' || path[0] === 'finally') && path.length === 3;
  return isStep && path[2] === 'id' ? 'write id: NAME; other steps name it in depends_on' : undefined;
}

function where(path: readonly PropertyKey[]): string {
  if (path.length === 1) return '';
  if ((path[0] === 'steps' || path[0] === 'finally') && path.length === 3) return ' in this step';
  return ` in ${labelOf(path.slice(0, -1))}`;
}

/** What a message calls the value at a path: its key, with the index where it is an entry of a list. */
function labelOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (typeof last !== 'number') return `'${String(last)}'`;
  return `'${String(path.at(-2))}[${last}]'`;
}

function wrongType(path: readonly PropertyKey[], value: unknown, expected: string): Problem {
  return {
    code: 'wrong_type',
    path,
    message: `${labelOf(path)} must be ${expected}, not ${typeof value === 'number' && expected === TYPES['int'] ? value : typeName(value)}`,
    hint: typeHint(value, expected),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function expectedType(expected: string, value: unknown): string {
  // zod says "number" for an integer's type as well, and "int" where only the fraction is wrong.
  if (expected === 'number' && typeof value === 'number') return 'a finite number';
  return TYPES[expected] ?? expected;
}

function typeHint(value: unknown, expected: string): string | undefined {
  if (expected === 'a list' && typeof value === 'string') return `write ${JSON.stringify([value])}`;
  if (expected === 'a list' && isMapOfMaps(value)) {
    return `write each as an entry of a list: - id: ${Object.keys(value)[0]}`;
  }
  if (expected === 'a string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `put it in quotes: "${String(value)}"`;
  }
  if (typeof value !== 'string') return undefined;
  if (expected === 'true or false' && /^(true|false)$/.test(value)) return 'write it without quotes';
  if (/number/.test(expected) && value.trim() !== '' && Number.isFinite(Number(value)))
    return 'write it without quotes';
  return undefined;
}

/** Steps by their names, as neighbouring tools have them. */
function isMapOfMaps(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const all = Object.values(value);
  return all.length > 0 && all.every((each) => typeof each === 'object' && each !== null);
}

function rangeOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  if (issue.code === 'too_small') {
    if (unit !== '' && Number(issue.minimum) === 1) return 'not be empty';
    return issue.inclusive ? `be at least ${issue.minimum}${unit}` : `be greater than ${issue.minimum}${unit}`;
  }
  const verb = unit === '' ? 'be' : 'have';
  return `${verb} at most ${issue.maximum}${unit}`;
}

function rangeHint(path: readonly PropertyKey[], value: unknown): string | undefined {
  const timeout = /timeout|duration/.test(String(path.at(-1))) && path.at(-1) !== 'finally_timeout_sec';
  return timeout && typeof value === 'number' && value <= 0 ? "write 'none' for no limit" : undefined;
}

function oneOf(path: readonly PropertyKey[], value: unknown, values: readonly string[]): Problem {
  const near = typeof value === 'string' ? didYouMean(value, values) : undefined;
  return {
    code: typeof value === 'string' ? 'invalid_value' : 'wrong_type',
    path,
    message: `${labelOf(path)} must be one of ${values.join(', ')}, not ${typeof value === 'string' ? quote(value) : typeName(value)}`,
    hint: near,
  };
}

function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: readonly PropertyKey[],
  value: unknown,
  source: unknown,
  words: SchemaWords,
): Problem {
  if (issue.discriminator !== undefined)
    return oneOf(path, value, ('options' in issue ? (issue.options ?? []) : []).map(String));
  // The branch that was meant is the one of the value's type: its complaint is about the value, not about the type.
  const meant = issue.errors.find((branch) =>
    branch.every((inner) => inner.code !== 'invalid_type' || inner.path.length > 0),
  );
  const deeper = meant?.find((candidate) => candidate.path.length > 0);
  if (deeper !== undefined && deeper.code !== 'unrecognized_keys') {
    return describeIssue({ ...deeper, path: [...path, ...deeper.path] }, source, words);
  }
  const inner = meant?.find((candidate) => candidate.code === 'too_small' || candidate.code === 'too_big');
  if (inner !== undefined && inner.path.length === 0) {
    return {
      code: 'out_of_range',
      path,
      message: `${labelOf(path)} must ${rangeOf(inner)}`,
      hint: rangeHint(path, value),
    };
  }
  return wrongType(path, value, issue.message);
}
