/**
 * Thrown by an activity whose answer comes later, maybe much later, and costs nothing until then: it gives back its place in
 * the worker at once, and the worker completes it when the answer is there (`worker/late-answers.ts`).
 */
export class LateAnswer extends Error {
  override readonly name = 'LateAnswer';

  /** @param wait gives the answer; where the signal is aborted, it ends with the reason of that */
  constructor(readonly wait: (signal: AbortSignal) => Promise<unknown>) {
    super('The answer comes later');
  }
}
