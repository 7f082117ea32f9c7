/** Kinds of failures that orch gives to what goes wrong in a step, and those of Temporal that wrap them. */
const KINDS =
  'Agent BodyTooLarge Budget Canceled Config DiskFull Exit Expect Expression Git Http Input Lost Network Output OutputCap Redirect Request Secret Signal Spawn SubPlan Timeout Verdict'
    .split(' ')
    .map((kind) => `${kind}Error`);
const WRAPPERS = ['ActivityFailure', 'ApplicationFailure', 'ChildWorkflowFailure', 'RunFailed', 'StepFailed'];

/** Where a message begins with one, or names one of a part: `ExitError: `. What a program has said has other names. */
const CLASS = new RegExp(`(^|[(;] ?|: )(?:${[...KINDS, ...WRAPPERS].join('|')}): `, 'g');

/** What a message of a step says to people: without the names of classes, which say nothing that the words don't. */
export function plainMessage(message: string): string {
  return message.replaceAll(CLASS, '$1');
}
