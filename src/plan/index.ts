// The plan language: everything that reads, checks and describes plans, without running them.
export { attachPlaces, loadPlanText, type LoadedPlan, type LoadOptions } from './files/load-one.js';
export { attachPlacesInTexts, loadPlanSet, type LoadedPlanSet } from './files/load-set.js';
export type { NoPlanText, PlanText, PlanTexts } from './files/plan-text.js';
export { checkPlan } from './check/check-plan.js';
export { checkPlanSet, type PlanSet, type PlanSources } from './files/check-set.js';
export { DIAGNOSTIC_CODES, type DiagnosticCode } from './problems/codes.js';
export { buildGraph, levels, type Graph } from './graph/graph.js';
export { inputToEnv, resolveApprovalInputs, resolveInputs } from './templates/inputs.js';
export { diagnosticsJsonSchema, planJsonSchema } from './schema/json-schema.js';
export type { SourcePlan } from './schema/plan.js';
export { outputsRead } from './templates/outputs-read.js';
export { renderDiagnostics, summarise } from './problems/render.js';
export { ExpressionError, stepConditions, type StepConditions } from './templates/step-expressions.js';
export { suggest } from './problems/suggest.js';
export {
  conditionValues,
  expandStep,
  missingNames,
  namesIn,
  type ExpandedStep,
  type TemplateContext,
} from './templates/expand-step.js';
export type * from './model/values.js';
export type * from './model/diagnostic.js';
export type * from './model/plan.js';
