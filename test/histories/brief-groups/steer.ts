import type { Steering } from '../../support/steered-run.js';
import shortSteps from '../short-steps/steer.js';

/** Engine version 8 began with it. */
export default {
  ...shortSteps,
  what: 'whose groups of short steps said only what was unusual in them',
  open: (run) => run.steps({ s21: { status: 'success' }, asks: { status: 'waiting' } }),
} satisfies Steering;
