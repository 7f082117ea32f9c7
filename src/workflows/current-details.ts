import { setCurrentDetails, type WorkflowInterceptors } from '@temporalio/workflow';

let render: (() => string) | undefined;

/** Sets what the Web UI shows as the run's current details. Rendered when somebody looks, not at every event. */
export function provideDetails(renderDetails: () => string): void {
  render = renderDetails;
}

/** Renders the details just before Temporal answers its own metadata query from them. */
export const detailsInterceptors: WorkflowInterceptors = {
  inbound: [
    {
      handleQuery(input, next) {
        if (input.queryName === '__temporal_workflow_metadata' && render !== undefined) setCurrentDetails(render());
        return next(input);
      },
    },
  ],
};
