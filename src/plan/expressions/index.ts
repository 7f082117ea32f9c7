export { checkExpression, type ExpressionScope } from './check.js';
export { evaluate, evaluateCondition, type Evaluation, type ExpressionValues, type StepValues } from './evaluate.js';
export { MAX_EXPRESSION_LENGTH, MAX_EXPRESSION_NESTING, parseExpression, type Expression } from './parse.js';
export type { ExpressionProblem } from './problem.js';
export { EXPRESSION_CODES, type ExpressionCode } from '../problems/codes.js';
export { STEP_PROPERTIES, type ExpressionReads, type PrevRead, type RunProperty, type StepProperty } from './reads.js';
export { renderValue, templateExpressions, type TemplatePiece } from './template.js';
export type { Allowance } from './allowance.js';
