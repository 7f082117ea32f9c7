import type { Steering } from '../../support/steered-run.js';
import shortSteps from '../short-steps/steer.js';

/** Engine version 7 began with it. */
export default {
  ...shortSteps,
  what: 'whose short steps went to the worker in groups without being asked for',
} satisfies Steering;
