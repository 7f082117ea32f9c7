/** Every code that an {@link ExpressionProblem} may carry. */
export const EXPRESSION_CODES = [
  'expression_syntax',
  'expression_too_long',
  'expression_type',
  'unknown_name',
  'unknown_property',
  'unknown_function',
  'unknown_step_in_expression',
  'not_an_ancestor',
  'computed_step',
  'computed_name',
  'item_outside_foreach',
] as const;

/** The code of a problem: stable, whatever the message says. */
export type ExpressionCode = (typeof EXPRESSION_CODES)[number];

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
    ...(hint === undefined ? {} : { hint }),
    ...(offset === undefined ? {} : { offset }),
  };
}
