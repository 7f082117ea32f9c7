import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { identify } from '../../src/host/process-identity.js';
import {
  agentStep as agent,
  shortly,
  startAgents,
  stepOf as step,
  type AgentRun,
  type Json,
} from '../support/agent-runs.js';
import { callCli, runCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { OwnService, textOf, type RunJson } from '../support/own-service.js';
import { tempDir, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const own = new OwnService();
const git = (cwd: string, ...args: string[]): string => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();

function repository(): string {
  const dir = path.join(tempDir(), 'repo');
  mkdirSync(dir);
  git(dir, 'init', '-q', '-b', 'main');
  git(dir, 'config', 'user.name', 'somebody');
  git(dir, 'config', 'user.email', 'somebody@localhost');
  writeFileSync(path.join(dir, 'a.txt'), 'one\n');
  git(dir, 'add', '.');
  git(dir, 'commit', '-qm', 'first');
  return dir;
}

const other = repository();
const mine = repository();
const guarded = repository();
const trees = repository();
const crowded = repository();
const remote = path.join(tempDir(), 'remote.git');
const separate = path.join(tempDir(), 'separate.git');
const pids = tempDir();

/** The shell of somebody in Claude Code, in a hook of another repository. */
const FOREIGN = {
  CLAUDECODE: '1',
  CLAUDE_CODE_ENTRYPOINT: 'cli',
  CODEX_SANDBOX: 'seatbelt',
  CODEX_SANDBOX_NETWORK_DISABLED: '1',
  GIT_DIR: path.join(other, '.git'),
  GIT_INDEX_FILE: path.join(other, '.git', 'index'),
  GIT_AUTHOR_DATE: '2001-01-01T00:00:00Z',
  GIT_AUTHOR_NAME: 'another',
};

/** `$$` in a prompt is a dollar sign. */
const leave = (name: string): string =>
  `FAKE run setsid sh -c 'echo $$$$ > ${path.join(pids, name)}; exec sleep 600' > /dev/null 2>&1 &`;
const pidOf = (name: string): number => Number(readFileSync(path.join(pids, name), 'utf8'));
const at = (cwd: string): Json => ({ cwd, on_failure: 'continue', critical: false });
const SECRETS = ['hunter22', 'abcdef123456'];

let run: AgentRun;
let ended: RunJson;
const ends = (id: string): ReturnType<typeof step> =>
  step(
    ended,
    ended.steps.findIndex((each) => each.id === id),
  );

beforeAll(async () => {
  git(guarded, 'init', '-q', '--bare', remote);
  git(guarded, 'init', '-q', '--bare', separate);
  git(guarded, 'remote', 'add', 'origin', remote);
  git(guarded, 'remote', 'add', 'separate', remote);
  git(guarded, 'remote', 'set-url', '--push', 'separate', separate);
  const hook = path.join(guarded, '.git', 'hooks', 'post-commit');
  writeFileSync(hook, '#!/bin/sh\ntouch hook-was-run\n');
  chmodSync(hook, 0o755);
  git(crowded, 'branch', 'orch');
  await runCli(['up'], { cwd: own.dir, env: { ORCH_STATE_DIR: own.state, ...FOREIGN } });
  await own.up();
  const commit = 'FAKE run echo two > a.txt; git add a.txt; git commit -qm "by the agent"';
  run = await startAgents(
    own,
    'surroundings',
    [
      agent('clean', `FAKE run env > env.txt\n${commit}`, { agent: 'claude' }, at(mine)),
      agent('left', leave('ended'), {}, at(tempDir())),
      agent('kept', leave('kept'), { agent: 'keeper' }, at(tempDir())),
      agent(
        'push',
        [
          commit,
          'FAKE run git push origin HEAD:one; git push --no-verify origin HEAD:two; git push separate HEAD:three; true',
          'FAKE write config.env API_TOKEN=abcdef123456',
        ].join('\n'),
        { agent: 'guarded' },
        at(guarded),
      ),
      agent('elsewhere', 'FAKE run git checkout -q -b its-own\nFAKE write x.txt x', { worktree: true }, at(trees)),
      agent('removed', 'FAKE write x.txt x\nFAKE run rm -rf "$PWD"', { worktree: true }, at(trees)),
      agent('named', 'FAKE write x.txt x', { worktree: true }, at(crowded)),
      agent(
        'told',
        'Use password=hunter22.\nFAKE say token: abcdef123456',
        { title: 'password=hunter22' },
        {
          ...at(tempDir()),
          name: 'Log in with password=hunter22',
        },
      ),
    ],
    {
      globals: {
        max_concurrency: 8,
        agents: {
          claude: { permissions: 'full' },
          keeper: { adapter: 'codex', command: 'codex', leftovers: 'keep' },
          guarded: { adapter: 'codex', command: 'codex', push: 'deny' },
        },
      },
    },
  );
  ended = await own.ended(run.id);
});
afterAll(async () => {
  process.kill(pidOf('kept'), 'SIGKILL');
  await own.down('--stop-steps');
});

describe('an agent of a service that was started in another agent, in a hook', () => {
  test('knows nothing of these, and commits into its own repository, today', () => {
    const names = textOf(path.join(mine, 'env.txt'))
      .split('\n')
      .map((line) => line.split('=')[0]!);
    expect(names).toContain('PATH');
    expect(names.filter((name) => Object.hasOwn(FOREIGN, name))).toEqual([]);
    expect(git(mine, 'log', '-1', '--format=%s %an')).toBe('by the agent somebody');
    expect(git(mine, 'log', '-1', '--format=%as')).not.toMatch(/^2001/);
    expect(git(other, 'log', '--format=%s')).toBe('first');
  });

  test('is called with the flags of what it may do', () => {
    const { args } = run.starts().find((start) => start.agent === 'claude')!;
    expect(args.slice(args.indexOf('--permission-mode'))[1]).toBe('bypassPermissions');
  });
});

test('what an agent leaves running goes with it, unless it is to be kept', async () => {
  expect([ends('left').status, ends('kept').status]).toEqual(['success', 'success']);
  await eventually('it is gone', () => identify(pidOf('ended')) === undefined);
  expect(identify(pidOf('kept'))).toBeDefined();
});

describe('an agent that may not push', () => {
  test('reaches no remote, whichever way it tries; hooks of the repository still run', () => {
    expect([git(remote, 'branch', '--list'), git(separate, 'branch', '--list')]).toEqual(['', '']);
    expect(git(guarded, 'log', '-1', '--format=%s')).toBe('by the agent');
    expect(git(guarded, 'status', '--porcelain')).toContain('hook-was-run');
    expect(git(guarded, 'config', '--local', '--list')).not.toContain('hookspath');
  });

  test('is warned of where it adds what looks like a secret', () => {
    const { status, message } = ends('push');
    expect([status, message]).toEqual(['warning', 'the change adds what looks like a secret: config.env']);
  });
});

describe('a step in a worktree', () => {
  test('has failed where its branch lacks its work', () => {
    const branch = (id: string): string => `orch/${run.id}/${id}`;
    const { status, reason, message } = ends('elsewhere');
    expect([status, reason]).toEqual(['failed', 'worktree']);
    const left = `the agent has left its branch '${branch('elsewhere')}' for the branch 'its-own', and what is there is not on it`;
    const tree = path.join(own.state, 'worktrees', run.id, 'elsewhere');
    expect(message).toBe(
      `WorktreeError: its branch '${branch('elsewhere')}' may lack its work: ${left}; the worktree is ${tree}`,
    );
    expect([ends('removed').status, ends('removed').reason]).toEqual(['failed', 'worktree']);
    expect(ends('removed').message).toContain('the agent has removed it; its branch has what it committed');
  });

  test('has a branch of another name where the repository has one called orch, and says so', () => {
    const branch = `orch-runs/${run.id}/named`;
    expect([ends('named').status, (ends('named').agent as Json)['branch']]).toEqual(['success', branch]);
    expect(git(crowded, 'show', `${branch}:x.txt`)).toBe('x');
    const warned = textOf(path.join(own.state, 'runs', run.id, 'events.ndjson'));
    expect(warned).toContain(`a branch 'orch' leaves no room for branches orch/…, so its branch is '${branch}'`);
  });
});

test('what looks like a secret stands nowhere in clear: not in titles, prompts, plan, logs, events or status', async () => {
  const folder = path.join(own.state, 'runs', run.id);
  const search = `grep -rlE '${SECRETS.join('|')}' '${folder}' || true`;
  const files = execFileSync('sh', ['-c', search], { encoding: 'utf8' });
  expect(files).toBe('');
  const shown = [await run.orch('status', run.id), await run.orch('status', run.id, '--json')];
  for (const { stdout } of shown) for (const secret of SECRETS) expect(stdout).not.toContain(secret);
  expect(ends('told').message ?? '').not.toContain('abcdef123456');
  expect(textOf(path.join(folder, 'plan.json'))).toContain('Log in with password=***');
});

test('a rerun tells agents what reused steps said, and says which agents are missing, also below it', async () => {
  const files = tempDir();
  const tried = path.join(files, 'tried');
  const gone = { adapter: 'codex', command: '/nonexistent/codex' };
  const below = {
    id: 'below',
    skip_if: 'true',
    step_def: { type: 'plan', plan: path.join(files, 'below.yaml') },
  };
  writePlanTo(path.join(files, 'below.yaml'), [agent('b', 'x', { agent: 'gone' })], { gone });
  const first = await startAgents(
    own,
    'again',
    [
      agent('ask', 'FAKE say The answer is 42.'),
      agent(
        'use',
        `FAKE once ${tried}\nFAKE verdict FAIL not yet`,
        { context: true, fallback_agents: ['gone'] },
        { depends_on: ['ask'] },
      ),
      below,
    ],
    { globals: { agents: { gone, codex: { permissions: 'full' } } } },
  );
  expect((await own.ended(first.id)).status).toBe('failed');
  const { stderr, code } = await first.orch('rerun', first.id, '--id', `${first.id}-2`);
  expect(code).toBe(0);
  expect(stderr).toContain(
    "the fallback agent 'gone' of 1 step is not installed: there is no program '/nonexistent/codex' on the PATH",
  );
  expect(stderr).toContain("the agent 'gone' of 1 step is not installed");
  expect(stderr).toContain('reuse  ask');
  expect(stderr).toContain("note: the agent 'codex' may do whatever you may do: permissions: full");
  const { prompt } = first.starts().at(-1)!;
  expect(prompt).toContain('### ask: ask\n\n**Status:** pass\n\nThe answer is 42.');
  expect(shortly(await own.ended(`${first.id}-2`))[0]).toBe('succeeded');
});

test('loop init lets its agents do what its prompts ask of them, and says so, as the loop does', async () => {
  const dir = tempDir();
  const { stderr } = await callCli(['loop', 'init'], { cwd: dir });
  expect(stderr).toContain(
    'note: its agents may do whatever you may do (permissions: full), so that they can run tests and commit',
  );
  expect(textOf(path.join(dir, 'orchestration.yaml'))).toContain('  claude: {permissions: full}\n');
  const loop = await callCli(['loop', '--detach'], { cwd: dir, env: { ORCH_STATE_DIR: own.state } });
  expect(loop.stderr).toContain("note: the agent 'claude' may do whatever you may do: permissions: full");
});

function writePlanTo(file: string, steps: Json[], agents: Json): void {
  const written = writePlan(path.dirname(file), { globals: { agents }, steps });
  writeFileSync(file, readFileSync(written));
}
