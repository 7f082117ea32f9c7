import { didYouMean } from '../problems/suggest.js';
import type { Expression } from './parse.js';
import { neverEqual, type InputShape } from './never-equal.js';
import { problem, type ExpressionProblem } from './problem.js';
import { member, type PrevRead } from './reads.js';

/** The place of a plan that an expression stands in. */
export interface ExpressionScope {
  stepIds: ReadonlySet<string>;
  /** True for a step whose end is certain before this expression is worked out. */
  ancestorsOf: (step: string) => boolean;
  inputNames: ReadonlySet<string>;
  /** What an input is declared to be. */
  inputOf?: (name: string) => InputShape | undefined;
  /** True where `item` and `index` have a value. */
  foreach: boolean;
  wanted: 'bool' | 'list' | 'any';
}

/** Finds all that is wrong with an expression at its place. */
export function checkExpression(expression: Expression, scope: ExpressionScope): ExpressionProblem[] {
  const { reads } = expression;
  const problems = [...expression.problems];
  for (const read of reads.prevSteps) {
    const found = checkStep(read, scope);
    if (found !== undefined) problems.push(found);
  }
  for (const name of reads.inputs) {
    if (scope.inputNames.has(name)) continue;
    const hint = didYouMean(name, scope.inputNames) ?? 'declare it under inputs';
    problems.push(
      problem('unknown_name', `the plan has no input '${name}'`, offsetOf(expression, 'inputs', name), hint),
    );
  }
  if (!scope.foreach) {
    for (const root of ['item', 'index'] as const) {
      if (!reads[root]) continue;
      const message = `${root} has a value only inside a foreach`;
      problems.push(problem('item_outside_foreach', message, offsetOf(expression, root)));
    }
  }
  if (problems.length > 0) return [...problems, ...typeProblems(expression.program?.type, scope.wanted)];
  return checkValues(expression, scope);
}

/** All names are right: whether what they stand for fits together. */
function checkValues(
  expression: Expression,
  { inputOf = () => undefined, wanted }: ExpressionScope,
): ExpressionProblem[] {
  const never = expression.comparisons.flatMap((comparison) => neverEqual(comparison, inputOf) ?? []);
  if (never.length > 0) return never;
  const types = expression.reads.inputs.flatMap((name): [string, string][] => {
    const type = CEL_TYPES[inputOf(name)?.type ?? ''];
    return type === undefined ? [] : [[name, type]];
  });
  if (types.length === 0) return typeProblems(expression.program?.type, wanted);
  const typed = expression.typeFor(Object.fromEntries(types));
  return 'problem' in typed ? [typed.problem] : typeProblems(typed.type, wanted);
}

/** A `number` is an int of CEL where it is whole, so what it is is known at run time only. */
const CEL_TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'int',
  boolean: 'bool',
  array: 'list',
  object: 'map',
};

function checkStep({ step, offset }: PrevRead, scope: ExpressionScope): ExpressionProblem | undefined {
  if (!scope.stepIds.has(step)) {
    return problem('unknown_step_in_expression', `there is no step '${step}'`, offset, stepHint(step, scope.stepIds));
  }
  if (scope.ancestorsOf(step)) return undefined;
  const message = `'${step}' may not have ended by then`;
  return problem('not_an_ancestor', message, offset, `add '${step}' to depends_on`);
}

function stepHint(step: string, known: ReadonlySet<string>): string | undefined {
  // `prev.build.linux` reads a property of the step `build`, although the plan has a step `build.linux`.
  for (const id of known) if (id.startsWith(`${step}.`)) return `an id with a dot is written prev${member(id)}`;
  return didYouMean(step, known);
}

function offsetOf(expression: Expression, root: string, name?: string): number | undefined {
  const variables = expression.program?.variables ?? [];
  return variables.find(
    ({ read }) => read.root === root && (name === undefined || ('name' in read && read.name === name)),
  )?.read.offset;
}

const WANTED = {
  bool: { types: /^(?:bool|dyn.*)$/, said: 'true or false' },
  list: { types: /^(?:list.*|dyn.*)$/, said: 'a list' },
} as const;

function typeProblems(type: string | undefined, wanted: ExpressionScope['wanted']): ExpressionProblem[] {
  if (type === undefined || wanted === 'any' || WANTED[wanted].types.test(type)) return [];
  const hint = wanted === 'bool' ? 'compare it with something, as in x == y' : undefined;
  const message = `the result must be ${WANTED[wanted].said}, not ${TYPES[type] ?? type}`;
  return [problem('expression_type', message, 0, hint)];
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  int: 'a whole number',
  double: 'a number',
  bool: 'true or false',
  null: 'null',
  map: 'a map',
};
