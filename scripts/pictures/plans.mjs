// Plans whose runs have something to show.

/** A release that waits for a decision, one step of which has failed. */
export const RELEASE = {
  plan_id: 'release',
  version: '1.0',
  metadata: { project: 'shop' },
  steps: [
    step('fetch', [], 'echo fetching; sleep 0.4'),
    step('lint', ['fetch'], 'echo no problems; sleep 0.3'),
    step('unit', ['fetch'], 'for i in 1 2 3 4 5; do echo "suite $i: ok"; sleep 0.2; done'),
    step('e2e', ['fetch'], 'echo "3 of 40 failed" >&2; sleep 0.5; exit 1', { on_failure: 'continue', critical: false }),
    step('build', ['lint', 'unit'], 'echo built app.tar; sleep 0.4'),
    step('docs', ['fetch'], 'echo docs; sleep 0.9'),
    {
      id: 'approve',
      name: 'Release v1.2?',
      depends_on: ['build', 'e2e', 'docs'],
      step_def: {
        type: 'approval',
        message: 'Release v1.2? Three end-to-end tests failed.',
        approvers: [],
        inputs: { channel: { type: 'string', enum: ['stable', 'beta'], default: 'beta', description: 'where to' } },
      },
    },
    step('publish', ['approve'], 'echo published'),
    step('tell', ['publish'], 'echo told', { trigger_rule: 'all_done', critical: false }),
  ],
};

/** One step, soon done. */
export const NIGHTLY = { plan_id: 'nightly', version: '1.0', steps: [step('backup', [], 'echo done')] };

/** Holds the lock that the gate waits for. */
export const HOLDER = {
  plan_id: 'hotfix',
  globals: { locks: ['production'] },
  steps: [step('deploy', [], 'sleep 600')],
};

/** A run with a step of each kind of waiting. */
export const GATE = {
  plan_id: 'gate',
  globals: { max_concurrency: 12 },
  steps: [
    step('checkout', [], 'sleep 0.2'),
    step('lint', ['checkout'], 'echo no problems'),
    step('build', ['checkout'], 'sleep 600'),
    step('extract', ['checkout'], 'sleep 2', {
      foreach: Array.from({ length: 40 }, (_, at) => `table-${at + 1}`),
      max_parallel: 6,
    }),
    step('flaky', ['checkout'], 'exit 1', { retries: 5, retry_delay_sec: 90 }),
    step('deploy', ['lint'], 'echo deployed', { locks: ['production'] }),
    { id: 'release', depends_on: ['lint'], step_def: { type: 'approval', message: 'Release v1.2?' } },
    step('publish', ['release', 'build'], 'echo published'),
    step('tell', ['publish'], 'echo told'),
  ],
};

function step(id, depends_on, command, more = {}) {
  return { id, depends_on, command, shell: true, ...more };
}
