import { didYouMean } from '../problems/suggest.js';
import type { Expression } from './parse.js';
import { problem, type ExpressionProblem } from './problem.js';
import { member, type PrevRead } from './reads.js';

/** The place of a plan that an expression stands in. */
export interface ExpressionScope {
  stepIds: ReadonlySet<string>;
  /** True for a step whose end is certain before this expression is worked out. */
  ancestorsOf: (step: string) => boolean;
  inputNames: ReadonlySet<string>;
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
  const type = checkType(expression, scope.wanted);
  return type === undefined ? problems : [...problems, type];
}

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

function checkType({ program }: Expression, wanted: ExpressionScope['wanted']): ExpressionProblem | undefined {
  if (program === undefined || wanted === 'any' || WANTED[wanted].types.test(program.type)) return undefined;
  const hint = wanted === 'bool' ? 'compare it with something, as in x == y' : undefined;
  return problem(
    'expression_type',
    `the result must be ${WANTED[wanted].said}, not ${TYPES[program.type] ?? program.type}`,
    0,
    hint,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  int: 'a whole number',
  double: 'a number',
  bool: 'true or false',
  null: 'null',
  map: 'a map',
};
