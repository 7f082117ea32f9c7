import { isEnd, isRunEnd, type Program, type RunState } from '../../engine/index.js';

/**
 * What to do about the guardrails of a plan: those that failed, and at the end of the run those that did not run.
 *
 * @returns sentences for people; none where the plan says nothing of guardrails
 */
export function recommendations({ plan, graph }: Program, state: RunState): string[] {
  const { guardrails } = plan;
  if (guardrails === undefined) return [];
  const ended = isRunEnd(state.status);
  if (guardrails.length === 0) {
    return ended ? ['No step guards this plan: add one that checks its result, such as spec-guard'] : [];
  }
  return guardrails.flatMap((id) => {
    const { status, reason, standing } = state.steps[graph.index.get(id)!]!;
    if (status === 'success' || status === 'warning' || (reason === 'reused' && standing === 'ok')) return [];
    if (status === 'failed' || reason === 'failure_allowed') {
      return [`The guardrail '${id}' failed: see its log, fix what it reports and run it again`];
    }
    return ended && isEnd(status) ? [`The guardrail '${id}' did not run: run it before the result is used`] : [];
  });
}
