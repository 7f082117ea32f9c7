import { sleep, workflowInfo, type WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { sealArgs } from '../../contract/seal.js';
import { HEARD_FOR_MS, hasSeals, type Signing } from './state.js';

/** Seals all that a workflow hands out: the worker's codec signs it, for the one that it is meant for. And keeps its timers true. */
export function sealedCommands(signing: Signing): WorkflowOutboundCallsInterceptor {
  return {
    scheduleActivity(input, next) {
      if (!hasSeals(signing)) return next(input);
      const seal = signing.seal('activity', input.activityType);
      const { activityId } = input.options;
      signing.activities.set(input.seq, { id: seal.id, name: seal.name, ...(activityId && { activityId }) });
      return next({ ...input, args: sealArgs(input.args, seal) });
    },
    scheduleLocalActivity(input, next) {
      if (!hasSeals(signing)) return next(input);
      const seal = signing.seal('activity', input.activityType);
      signing.activities.set(input.seq, { id: seal.id, name: seal.name });
      return next({ ...input, args: sealArgs(input.args, seal) });
    },
    startChildWorkflowExecution(input, next) {
      if (!hasSeals(signing)) return next(input);
      const args = sealArgs(input.options.args, signing.seal('child', input.workflowType));
      return next({ ...input, options: { ...input.options, args } });
    },
    // Where somebody has answered in orch's place, its timer may be set to another time.
    startTimer(input, next) {
      if (!signing.sealed) return next(input);
      const due = Date.now() + input.durationMs;
      return next(input).then(() => waitUntil(due));
    },
    signalWorkflow(input, next) {
      if (!hasSeals(signing)) return next(input);
      return next({ ...input, args: sealArgs(input.args, signing.seal('signal', input.signalName)) });
    },
    continueAsNew(input, next) {
      if (!hasSeals(signing)) return next(input);
      const heard = [...signing.heard].filter(([, at]) => at >= Date.now() - HEARD_FOR_MS);
      const more = heard.length === 0 ? {} : { heard };
      const seal = signing.seal('continued', input.options.workflowType ?? workflowInfo().workflowType, more);
      return next({ ...input, args: sealArgs(input.args, seal) });
    },
  };
}

async function waitUntil(due: number): Promise<void> {
  const left = due - Date.now();
  if (left > 0) await sleep(left);
}
