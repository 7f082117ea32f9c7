import type { Expression } from '../expressions/index.js';
import { sourceSteps } from '../document/source-steps.js';
import { expressionOf } from './step-expressions.js';
import { sourceTemplateSites, templateSites, type TemplateLayer, type TemplateSite } from './template-sites.js';
import { readTemplate } from './template-text.js';
import type { Plan, Step } from '../model/plan.js';
import { defined } from '../../basics/defined.js';

/** An expression as it stands in a document. */
export interface ExpressionSite {
  text: string;
  path: readonly PropertyKey[];
  wanted: 'bool' | 'list' | 'any';
  layer: TemplateLayer;
  /** Position of the step; absent for those of `globals`. */
  step?: number;
}

/** The expressions of a document that may be wrong anywhere, conditions and templates alike. */
export function* sourceExpressionSites(source: Record<string, unknown>): Generator<ExpressionSite> {
  for (const [position, { step, path }] of sourceSteps(source).entries()) {
    if (step !== undefined) yield* conditionSites(step, path, position);
  }
  yield* templateExpressionSites(sourceTemplateSites(source));
}

/** An expression of a checked plan, and whose it is. */
export interface PlanExpression {
  expression: Expression;
  layer: TemplateLayer;
  /** Absent for those of `globals`. */
  step?: Step;
}

/** The expressions of a checked plan. */
export function* planExpressions(plan: Plan): Generator<PlanExpression> {
  for (const step of plan.steps) {
    for (const { text, layer } of conditionSites(step, [], 0))
      yield { expression: expressionOf(step, text), layer, step };
  }
  for (const { text, layer, step: position } of templateExpressionSites(templateSites(plan))) {
    const step = position === undefined ? undefined : plan.steps[position]!;
    const expression = expressionOf(step ?? plan.globals, text);
    yield { expression, layer, ...defined({ step }) };
  }
}

/** The expression of a `foreach`, which may stand between `${{` and `}}` or plain. */
export function foreachExpression(text: string): string {
  return /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(text)?.[1]?.trim() ?? text;
}

function* conditionSites(
  step: { condition?: unknown; skip_if?: unknown; foreach?: unknown },
  path: readonly PropertyKey[],
  position: number,
): Generator<ExpressionSite> {
  const rest = { wanted: 'bool', layer: 'step', step: position } as const;
  const { condition, skip_if: skipIf, foreach } = step;
  if (typeof foreach === 'string') {
    yield { ...rest, text: foreachExpression(foreach), path: [...path, 'foreach'], wanted: 'list' };
  }
  if (typeof condition === 'string') yield { text: condition, path: [...path, 'condition'], ...rest };
  if (typeof skipIf === 'string') yield { text: skipIf, path: [...path, 'skip_if'], ...rest };
  if (!Array.isArray(skipIf)) return;
  for (const [entry, text] of (skipIf as unknown[]).entries()) {
    if (typeof text === 'string') yield { text, path: [...path, 'skip_if', entry], ...rest };
  }
}

function* templateExpressionSites(sites: Iterable<TemplateSite>): Generator<ExpressionSite> {
  for (const { text, ...rest } of sites) {
    if (!text.includes('${{')) continue;
    for (const part of readTemplate(text).parts) {
      if (typeof part === 'object' && 'expression' in part) yield { text: part.expression, wanted: 'any', ...rest };
    }
  }
}
