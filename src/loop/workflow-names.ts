/** Sequences of turns. The second ones are the first with prompts of other names. */
export const WORKFLOWS = ['standard', 'review_cadence', 'standard2', 'review_cadence2'] as const;
export type WorkflowName = (typeof WORKFLOWS)[number];

/** Turns whose verdict of failure ends the loop: all, all but reviews, none. */
export const VERDICTS = ['work', 'all', 'none'] as const;
export type VerdictTurns = (typeof VERDICTS)[number];
