/** What a run says that ended because it was out of something. */
export const OUT_OF = {
  run_timeout: 'The run took longer than its run_timeout_sec',
  history_full: 'The history of the run was full, and it could not continue in a new one',
} as const;
