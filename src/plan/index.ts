// The plan language: everything that reads, checks and describes plans, without running them.
export { attachPlaces, loadPlanText, type LoadedPlan, type LoadOptions } from './load.js';
export {
  attachPlacesInTexts,
  loadPlanSet,
  type LoadedPlanSet,
  type NoPlanText,
  type PlanText,
  type PlanTexts,
} from './load-set.js';
export { checkPlan } from './check.js';
export { checkPlanSet, type PlanSet, type PlanSources } from './plan-set.js';
export { DIAGNOSTIC_CODES, type DiagnosticCode } from './codes.js';
export { buildGraph, levels, type Graph } from './graph.js';
export { inputToEnv, resolveApprovalInputs, resolveInputs } from './inputs.js';
export { diagnosticsJsonSchema, planJsonSchema } from './json-schema.js';
export { outputsRead } from './outputs-read.js';
export { renderDiagnostics, summarise } from './render.js';
export { ExpressionError, stepConditions, type StepConditions } from './step-expressions.js';
export { suggest } from './suggest.js';
export {
  conditionValues,
  expandStep,
  missingNames,
  namesIn,
  type ExpandedStep,
  type TemplateContext,
} from './templates.js';
export type * from './types.js';
