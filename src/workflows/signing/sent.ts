import { workflowInfo, type WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { sealArgs } from '../seal.js';
import { hasSeals, type Signing } from './state.js';

/** Seals all that a workflow hands out. The worker's codec signs it, for whom it is meant for. */
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
    signalWorkflow(input, next) {
      if (!hasSeals(signing)) return next(input);
      return next({ ...input, args: sealArgs(input.args, signing.seal('signal', input.signalName)) });
    },
    continueAsNew(input, next) {
      if (!hasSeals(signing)) return next(input);
      const seal = signing.seal('continued', input.options.workflowType ?? workflowInfo().workflowType);
      return next({ ...input, args: sealArgs(input.args, seal) });
    },
  };
}
