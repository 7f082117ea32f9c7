import type { ASTNode } from '@marcbachmann/cel-js';
import type { Result } from '../model/diagnostic.js';
import { findComparisons, type Comparison } from './comparisons.js';
import { habitHint } from './habits.js';
import { fromLibrary, parseText, tooLong } from './library.js';
import { problem, type ExpressionProblem } from './problem.js';
import { compileProgram, type InputTypes, type Program } from './program.js';
import { summariseReads, type ExpressionReads } from './reads.js';
import { tooDeepAt } from './scan.js';
import { childrenOf, findNames } from './walk.js';
import { defined } from '../../basics/defined.js';

/** The longest expression, in UTF-16 code units. */
export const MAX_EXPRESSION_LENGTH = 8192;
/** How deep brackets, signs and conditionals may nest. */
const MAX_EXPRESSION_NESTING = 64;
/** How deep the tree may be: a chain of operators such as `a || b || c` nests to the left. */
const MAX_TREE_DEPTH = 256;

/** An expression that could be read. Its names may still be wrong: see `problems`, and `checkExpression`. */
export interface Expression {
  readonly text: string;
  readonly reads: ExpressionReads;
  /** What is wrong with it whatever the plan is; one with problems has no program. */
  readonly problems: readonly ExpressionProblem[];
  readonly program?: Program;
  /** What it compares with literals. */
  readonly comparisons: readonly Comparison[];
  /**
   * Checks it where the types of inputs are known: a run evaluates without them.
   *
   * @returns the type of the result, or what does not fit
   */
  readonly typeFor: (inputTypes: InputTypes) => { type: string } | { problem: ExpressionProblem };
}

/**
 * Reads an expression. Ends in bounded time and throws nothing, whatever the text is.
 *
 * @example
 * const parsed = parseExpression("prev.build.status == 'success'");
 * if (parsed.ok) parsed.value.reads.prevSteps; // [{ step: 'build', property: 'status', offset: 0 }]
 */
export function parseExpression(text: string): Result<Expression, ExpressionProblem> {
  const refused = refuseSize(text);
  if (refused !== undefined) return { ok: false, error: refused };
  let root: ASTNode;
  try {
    root = parseText(text);
  } catch (error) {
    const said = fromLibrary(error, 'expression_syntax');
    return { ok: false, error: { ...said, ...defined({ hint: said.hint ?? habitHint(text) }) } };
  }
  if (isDeeperThan(root, MAX_TREE_DEPTH)) {
    return { ok: false, error: tooLong(`it has more than ${MAX_TREE_DEPTH} operators in a row`) };
  }
  return { ok: true, value: resolve(text, root) };
}

function refuseSize(text: string): ExpressionProblem | undefined {
  if (text.length > MAX_EXPRESSION_LENGTH) return tooLong(`it is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  if (text.trim() === '') return problem('expression_syntax', 'the expression is empty', 0);
  const deep = tooDeepAt(text, MAX_EXPRESSION_NESTING);
  return deep === undefined ? undefined : tooLong(`it nests more than ${MAX_EXPRESSION_NESTING} levels deep`, deep);
}

/** Looks with a list instead of the stack, which the tree might exhaust. */
function isDeeperThan(root: ASTNode, limit: number): boolean {
  let level: readonly ASTNode[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap(childrenOf);
  }
  return false;
}

function resolve(text: string, root: ASTNode): Expression {
  const names = findNames(root, text);
  const reads = summariseReads(names.sites.map((site) => site.read));
  const read = { text, reads, comparisons: findComparisons(root, text), typeFor };
  if (names.problems.length > 0) return { ...read, problems: names.problems };
  try {
    return { ...read, problems: [], program: compileProgram(text, names.sites, names.bound) };
  } catch (error) {
    return { ...read, problems: [fromLibrary(error, 'expression_type')] };
  }

  function typeFor(inputTypes: InputTypes): { type: string } | { problem: ExpressionProblem } {
    try {
      return { type: compileProgram(text, names.sites, names.bound, inputTypes).type };
    } catch (error) {
      return { problem: fromLibrary(error, 'expression_type') };
    }
  }
}
