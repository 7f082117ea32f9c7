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
  'never_equal',
] as const;

/** The code of a problem: stable, whatever the message says. */
export type ExpressionCode = (typeof EXPRESSION_CODES)[number];

/** Every code that a {@link Diagnostic} may carry. docs/errors.md has a section for each; a test holds the two together. */
export const DIAGNOSTIC_CODES = [
  // Reading the file
  'file_not_found',
  'file_unreadable',
  'not_a_file',
  'file_too_large',
  'not_text',
  'empty_plan',
  'syntax_error',
  'duplicate_key',
  'inexact_number',
  'multiple_documents',
  'unsupported_yaml',
  'too_deep',
  'too_complex',
  'too_many_aliases',
  // Shape
  'not_a_plan',
  'workstream_bundle',
  'unsupported_version',
  'unknown_key',
  'missing_key',
  'wrong_type',
  'invalid_value',
  'invalid_id',
  'invalid_name',
  'out_of_range',
  'conflicting_keys',
  'missing_action',
  'command_line',
  'shebang_ignored',
  'carriage_return',
  'number_text',
  // Schedule
  'invalid_cron',
  'unknown_timezone',
  // Graph
  'duplicate_id',
  'unknown_dependency',
  'self_dependency',
  'duplicate_dependency',
  'dependency_cycle',
  'unknown_resource',
  'ambiguous_resource',
  'finally_dependency',
  'unknown_fallback',
  'self_fallback',
  'shared_fallback',
  'fallback_across_finally',
  'fallback_cycle',
  // Sub-plans
  'sub_plan_missing',
  'invalid_sub_plan',
  'recursive_plan',
  'sub_plan_limit',
  'unknown_output',
  'run_id_collision',
  // Agents
  'unknown_agent',
  'unknown_tier',
  'prompt_file_missing',
  'shared_tree',
  // Files of other systems
  'duplicate_task_heading',
  'malformed_verify',
  // Pipelines
  'unknown_pipeline',
  'unknown_stage_set',
  'nested_stage_set',
  'recursive_pipeline',
  // Expressions
  ...EXPRESSION_CODES,
  // Templates and inputs
  'unbraced_name',
  'malformed_template',
  'template_in_script',
  'template_in_code',
  'template_in_text',
  'secret_in_plan',
  'secret_input',
  'missing_name',
  'unknown_secret',
  'misplaced_secret',
  'unknown_input',
  'missing_input',
  // Starting a run
  'secret_in_environment',
  'relative_cwd_on_remote_service',
  'agent_missing',
  'unknown_step',
  // Output
  'too_many_diagnostics',
] as const;

/** The code of a diagnostic: stable, whatever the message says. */
export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];
