import { workflowInfo } from '@temporalio/workflow';
import type { RunInput } from '../../contract/run-input.js';
import type { Program } from '../../engine/index.js';
import type { RunAbout, StepAbout } from '../../contract/run-about.js';
import { plain } from '../../contract/seal.js';
import { stepField, stepKind } from '../../plan/model/step-fields.js';

/** What the record of a run says of it before anything has happened. All of it stands in history. */
export function aboutRun(program: Program, input: RunInput): RunAbout {
  const info = workflowInfo();
  const { plan } = program;
  const { project, tags } = plan.metadata;
  let steps: readonly StepAbout[] | undefined;
  return {
    run_id: info.workflowId,
    temporal_run_id: info.firstExecutionRunId,
    plan_id: plan.plan_id,
    plan_digest: typeof input.digest === 'string' ? input.digest : '',
    engine_version: input.engine_version,
    description: plan.description ?? null,
    parent_run_id: info.parent?.workflowId ?? null,
    rerun_of: input.rerun_of ?? null,
    started_by: text(plain(info.memo?.['started_by'])),
    project: text(project),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    metadata: plan.metadata,
    inputs: input.inputs,
    created_at: (input.carried === undefined ? info.startTime : new Date(input.carried.created_at)).toISOString(),
    // A replay tells nobody.
    get steps() {
      return (steps ??= aboutSteps(program));
    },
  };
}

function aboutSteps({ plan: { steps }, graph }: Program): StepAbout[] {
  const nameOf = stepField(steps, 'name');
  const kindOf = stepKind(steps);
  const [owner, last, list] = [
    stepField(steps, 'fallback_of'),
    stepField(steps, 'finally'),
    stepField(steps, 'foreach'),
  ];
  return graph.ids.map((id, index) => ({
    id,
    name: nameOf(index),
    kind: kindOf(index),
    depends_on: graph.dependencies[index]!.map((dependency) => graph.ids[dependency]!),
    fallback_of: owner(index) ?? null,
    finally: last(index),
    foreach: list(index) !== undefined,
  }));
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
