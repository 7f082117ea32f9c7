import type { Diagnostic, Result } from '../model/diagnostic.js';
import { checkAgents } from './agent-rules.js';
import { checkApprovalKeys } from './approval-rules.js';
import { checkCommands } from './command-rules.js';
import { checkExpressions } from './expression-rules.js';
import type { Expression } from '../expressions/index.js';
import { checkGraph } from './graph-rules.js';
import { normalise } from '../normalise/normalise.js';
import { isMap } from '../problems/paths.js';
import { collectProblems, tooMany } from '../problems/problems.js';
import { checkNotify } from './notify-rules.js';
import { checkPeopleTexts } from './people-texts.js';
import { checkRules } from './key-rules.js';
import { addSchemaIssues } from '../schema/issues.js';
import { readPlanForms } from '../schema/plan-forms.js';
import { planSchema, type SourcePlan } from '../schema/plan.js';
import { checkScheduleBlock } from './schedule-rules.js';
import { checkScripts } from './script-rules.js';
import { checkSecrets } from './secret-rules.js';
import { rememberExpressions } from '../templates/step-expressions.js';
import { checkTemplates } from './template-rules.js';
import type { Plan } from '../model/plan.js';
import { workstreamBundle } from './workstreams.js';

/**
 * Checks a plan that is plain data already, and fills in its defaults. Needs neither a file system nor a parser, so
 * a workflow can do it too. Diagnostics have paths, and no lines.
 *
 * @param written the document: what JSON.parse or a YAML parser made of it
 * @returns the plan with warnings, or everything that is wrong with it
 */
export function checkPlan(written: unknown): Result<{ plan: Plan; warnings: Diagnostic[] }, Diagnostic[]> {
  const bundle = workstreamBundle(written);
  if (bundle !== undefined) return { ok: false, error: [bundle] };
  const problems = collectProblems();
  const value = readPlanForms(written);
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) addSchemaIssues(parsed.error.issues, value, problems);
  let expressions = new Map<string, Expression>();
  if (isMap(value)) {
    checkRules(value, problems);
    checkScheduleBlock(value, problems);
    checkApprovalKeys(value, problems);
    const graph = checkGraph(value, problems);
    checkAgents(value, graph, problems);
    checkTemplates(value, problems);
    checkScripts(value, problems);
    checkCommands(value, problems);
    checkPeopleTexts(value, problems);
    checkNotify(value['globals'], problems);
    expressions = checkExpressions(value, graph, problems);
    checkSecrets(value, expressions, problems);
  }
  const { found, more } = problems;
  if (more > 0) found.push(tooMany(more));
  if (found.some((diagnostic) => diagnostic.severity === 'error')) return { ok: false, error: found };
  // Not zod's copy: it is the same but for the keys that are free.
  const plan = normalise(value as SourcePlan);
  rememberExpressions(plan, expressions);
  return { ok: true, value: { plan, warnings: found } };
}

/**
 * A plan that was found good when its run began: its defaults are filled in, and no rule of today is asked.
 *
 * @param written the document, as for {@link checkPlan}
 */
export function acceptedPlan(written: unknown): Plan {
  return normalise(readPlanForms(written) as SourcePlan);
}
