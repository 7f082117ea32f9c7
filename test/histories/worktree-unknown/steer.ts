import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { eventually } from '../../support/eventually.js';
import { textOf } from '../../support/own-service.js';
import type { SteeredRun, Steering } from '../../support/steered-run.js';

const git = (run: SteeredRun, ...args: string[]): unknown => execFileSync('git', args, { cwd: run.dir });

export default {
  what: 'whose worktree cannot be closed, as git never ends',
  builds: [],
  async start(run) {
    git(run, 'init', '--quiet', '--initial-branch=main');
    git(run, 'add', 'plan.yaml');
    git(run, '-c', 'user.name=me', '-c', 'user.email=me@here', 'commit', '--quiet', '--message=first');
    return run.start();
  },
  open: (run) => eventually('the agent works', () => textOf(path.join(run.dir, 'begun')) !== '', 60_000),
  // From here on no git that looks at files ends. Each try to close the tree has two minutes, all have ten.
  async end(run) {
    git(run, 'config', 'core.fsmonitor', 'sleep 1000 #');
    run.write('go');
  },
  ends: 'failed',
} satisfies Steering;
