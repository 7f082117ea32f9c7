import type { Steering } from '../../support/steered-run.js';
import shortSteps from '../short-steps/steer.js';

/** Engine version 9 began with it. */
export default {
  ...shortSteps,
  what: 'whose short items of lists went to the worker in groups, and whose record was complete at its end',
  open: (run) => run.steps({ some: { status: 'failed' }, asks: { status: 'waiting' } }),
} satisfies Steering;
