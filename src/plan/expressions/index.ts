export { checkExpression, type ExpressionScope } from './check.js';
export type { InputShape } from './never-equal.js';
export {
  evaluate,
  evaluateCondition,
  textForNumber,
  type Evaluation,
  type ExpressionValues,
  type StepValues,
} from './evaluate.js';
export { parseExpression, type Expression } from './parse.js';
export type { ExpressionProblem } from './problem.js';
export { EXPRESSION_CODES } from '../problems/codes.js';
export { renderValue, templateExpressions, type TemplatePiece } from './template.js';
export type { Allowance } from './allowance.js';
