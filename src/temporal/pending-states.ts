/** States of activities, as Temporal's API numbers them: one waits for a worker or its next attempt, a worker has the other. */
export const SCHEDULED = 1;
export const STARTED = 2;
