import type { Steering, SteeredRun } from '../../support/steered-run.js';

const childOf = async (run: SteeredRun): Promise<string> => {
  const { steps } = JSON.parse(await run.orch('status', run.id, '--json')) as { steps: { sub_runs: string[] }[] };
  return steps[0]!.sub_runs[0]!;
};

export default {
  what: 'whose sub-plan waits',
  builds: ['c0773d9'],
  open: async (run) => {
    await run.steps({ child: { status: 'running' } });
    await run.steps({ gate: { status: 'waiting' } }, await childOf(run));
  },
  end: async (run) => run.orch('approve', await childOf(run), 'gate', '--by', 'ann'),
  ends: 'succeeded',
  besides: async (run) => ({ child: await childOf(run) }),
} satisfies Steering;
