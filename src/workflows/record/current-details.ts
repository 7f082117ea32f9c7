import { setCurrentDetails } from '@temporalio/workflow';

/**
 * Sets what the Web UI shows as the run's current details, rendered when somebody looks and not at every event.
 *
 * Temporal keeps the details as they are given and turns them into JSON when it answers its metadata query; so
 * an object that renders itself then does what a string of every moment would. A test holds this against the SDK.
 */
export function provideDetails(render: () => string): void {
  setCurrentDetails({ toJSON: render } as unknown as string);
}
