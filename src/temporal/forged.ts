/** Something that should have come from orch's own worker, and was not signed by it. */
export class ForgedError extends Error {
  override readonly name = 'ForgedError';

  constructor(what: string) {
    super(`orch's worker did not sign ${what}: somebody else on this machine answers in its place`);
  }
}
