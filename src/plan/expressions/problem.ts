import type { ExpressionCode } from '../problems/codes.js';
import { defined } from '../../basics/defined.js';

/** One thing that is wrong with an expression. */
export interface ExpressionProblem {
  code: ExpressionCode;
  message: string;
  hint?: string;
  /** Where in the text of the expression, in UTF-16 code units from 0. */
  offset?: number;
}

/** A problem, without the properties that have no value. */
export function problem(code: ExpressionCode, message: string, offset?: number, hint?: string): ExpressionProblem {
  return {
    code,
    message,
    ...defined({ hint, offset }),
  };
}
