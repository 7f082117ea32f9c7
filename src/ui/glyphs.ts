import type { StepStatus } from '../contract/statuses.js';

/** A sign for each status: colour alone does not tell everybody. */
export const GLYPHS: Readonly<Record<StepStatus, string>> = {
  pending: '○',
  running: '▶',
  waiting: '◷',
  success: '✓',
  warning: '!',
  failed: '✗',
  skipped: '–',
  canceled: '■',
};
