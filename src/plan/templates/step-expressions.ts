import {
  evaluate,
  parseExpression,
  renderValue,
  type Expression,
  type ExpressionValues,
} from '../expressions/index.js';
import type { Plan, PlanGlobals, Step } from '../model/plan.js';
import type { Json } from '../model/values.js';

/** An expression that could not be worked out when its step was about to start. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly expression: string;

  /** @param reason what the evaluation said */
  constructor(expression: string, reason: string) {
    super(`the expression ${shorten(expression.trim())} failed: ${reason}`);
    this.expression = expression;
  }
}

/** What decides whether a step runs, parsed. */
export interface StepConditions {
  condition?: Expression;
  /** Looked at before the condition; any true one skips the step. */
  skip_if: readonly Expression[];
}

/** The conditions of a step of a checked plan. They are parsed once, whoever asks. */
export function stepConditions(step: Step): StepConditions {
  const skip_if = step.skip_if.map((text) => expressionOf(step, text));
  return step.condition === undefined ? { skip_if } : { condition: expressionOf(step, step.condition), skip_if };
}

/**
 * The items of a `foreach`: the literal ones, or those that its expression gives.
 *
 * @throws ExpressionError where the expression fails, or gives no list
 */
export function foreachItems(step: Step, values: () => ExpressionValues): readonly Json[] {
  if (typeof step.foreach !== 'string') return step.foreach ?? [];
  const result = evaluate(expressionOf(step, step.foreach), values());
  if (!result.ok) throw new ExpressionError(step.foreach, result.message);
  if (!Array.isArray(result.value)) throw new ExpressionError(step.foreach, 'the result is not a list');
  return result.value as readonly Json[];
}

/** Works out an expression of a templated string, as text. */
export function evaluateText(owner: Step | PlanGlobals, text: string, values: ExpressionValues): string {
  return renderValue(evaluateValue(owner, text, values));
}

/** Works out an expression that stands alone in its string: its value keeps its type. */
export function evaluateValue(owner: Step | PlanGlobals, text: string, values: ExpressionValues): Json {
  const result = evaluate(expressionOf(owner, text), values);
  if (!result.ok) throw new ExpressionError(text, result.message);
  return result.value;
}

/** What has been parsed, by the step (or the globals) whose text it is. Parsed plans go, and this goes with them. */
const parsed = new WeakMap<Step | PlanGlobals, Map<string, Expression>>();

/** Keeps what the check of a plan parsed. */
export function rememberExpressions(plan: Plan, expressions: Map<string, Expression>): void {
  if (expressions.size === 0) return;
  parsed.set(plan.globals, expressions);
  for (const step of plan.steps) parsed.set(step, expressions);
}

/** An expression of a checked plan. */
export function expressionOf(owner: Step | PlanGlobals, text: string): Expression {
  let known = parsed.get(owner);
  if (known === undefined) {
    known = new Map();
    parsed.set(owner, known);
  }
  const before = known.get(text);
  if (before !== undefined) return before;
  const read = parseExpression(text);
  if (!read.ok) throw new ExpressionError(text, read.error.message);
  known.set(text, read.value);
  return read.value;
}

/** The start of a long expression says which one it is. */
function shorten(text: string): string {
  return `'${text.length > 120 ? `${text.slice(0, 117)}…` : text}'`;
}
