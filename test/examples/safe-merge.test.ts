import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { callCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { git, sh, temporaryFolders } from './repository.js';

interface RunJson {
  run_id: string;
  plan_id: string;
  status: string;
  warnings: number;
  steps: { id: string; status: string; reason: string | null; attempts: number; exit_code: number | null }[];
}

const PLAN = 'examples/safe-merge/safe-merge.yaml';
const BEFORE_MERGE = ['check-request', 'check-tree', 'fetch', 'snapshot', 'workspace', 'test-branch'];
const AFTER_MERGE = ['resolve', 'check-merge', 'test-merged', 'push', 'update-local'];
const ALWAYS = ['clean-up', 'record'];

const folders = temporaryFolders();
afterEach(folders.removeAll);

describe('safe-merge.yaml', () => {
  it('merges a branch without conflicts and pushes the result', async () => {
    const made = setUp('clean');
    const { code, run } = await safeMerge(made);
    expect({ code, status: run.status, warnings: run.warnings }).toEqual({ code: 0, status: 'succeeded', warnings: 0 });
    expect(statuses(run)).toEqual(all('success', [...BEFORE_MERGE, 'merge', ...AFTER_MERGE, ...ALWAYS]));
    expectMerged(made);
    expect(event(made)).toMatchObject({ outcome: 'merged', branch: 'feature', conflicts: false });
  });

  it('resolves conflicts by the newest change per file, and says so by a warning', async () => {
    const made = setUp('conflict');
    const { code, run } = await safeMerge(made);
    expect({ code, status: run.status, warnings: run.warnings }).toEqual({ code: 0, status: 'succeeded', warnings: 1 });
    expect(statuses(run)).toEqual({
      ...all('success', [...BEFORE_MERGE, ...AFTER_MERGE, ...ALWAYS]),
      merge: 'failed',
    });
    expect(run.steps.find((step) => step.id === 'merge')).toMatchObject({ reason: 'exit_non_zero', exit_code: 1 });
    expectMerged(made);
    expect(readFileSync(path.join(made.work, 'settings.txt'), 'utf8')).toBe('version=3\n');
    expect(readFileSync(path.join(made.work, 'greeting.txt'), 'utf8')).toBe('hello from main\n');
    expect(event(made)).toMatchObject({ outcome: 'merged', conflicts: true });
  });

  it('leaves a conflict to a person by the policy none, with nothing half done', async () => {
    const made = setUp('conflict');
    const before = tips(made);
    const { code, run } = await safeMerge(made, { POLICY: 'none' });
    expect({ code, status: run.status }).toEqual({ code: 1, status: 'failed' });
    expect(statuses(run)).toEqual({
      ...all('success', [...BEFORE_MERGE, ...ALWAYS]),
      merge: 'failed',
      resolve: 'failed',
      ...all('skipped', ['check-merge', 'test-merged', 'push', 'update-local']),
    });
    expectUntouched(made, before);
    expect(event(made)).toMatchObject({ outcome: 'failed', conflicts: true, merge_commit: null });
  });

  it('does not push over somebody who pushed in between, and merges when it is run again', async () => {
    const made = setUp('clean');
    const before = tips(made);
    const { code, run } = await safeMerge(made, { TEST_COMMAND: `sh '${quoted(racingTests(made))}'` });
    expect({ code, status: run.status }).toEqual({ code: 1, status: 'failed' });
    expect(run.steps.find((step) => step.id === 'push')).toMatchObject({
      status: 'failed',
      reason: 'exit_non_zero',
      attempts: 1,
      exit_code: 3,
    });
    const others = git(made.origin, 'rev-parse', 'main');
    expect(git(made.origin, 'log', '-1', '--format=%s', 'main')).toBe('Somebody else was faster');
    expectUntouched(made, { ...before, origin: others });

    const again = await safeMerge(made);
    expect(again.code).toBe(0);
    expectMerged(made);
    expect(git(made.origin, 'merge-base', '--is-ancestor', others, 'main')).toBe('');
  });

  it('never overlaps with another run on the same branch', async () => {
    const made = setUp('clean');
    const log = path.join(made.folder, 'log');
    const tests = path.join(made.folder, 'waiting-tests.sh');
    writeFileSync(
      tests,
      'cd "$(dirname "$0")"; echo "start $1" >> log; until [ -e go ]; do sleep 0.05; done; echo "end $1" >> log\n',
    );
    const command = (who: string): Record<string, string> => ({ TEST_COMMAND: `sh '${quoted(tests)}' ${who}` });
    const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
    const first = safeMerge(made, command('a'));
    await eventually('the first one tests', () => lines().includes('start a'));
    const second = safeMerge(made, command('b'));
    await eventually('the second one waits', async () => {
      const held = JSON.parse((await callCli(['locks', '--json'])).stdout) as { name: string; waiters: unknown[] }[];
      return held.some((lock) => lock.name === `safe-merge ${made.work} main` && lock.waiters.length === 1);
    });
    writeFileSync(path.join(made.folder, 'go'), '');
    expect([(await first).code, (await second).code]).toEqual([0, 0]);
    const inTurn = ['a', 'a', 'b', 'b'].flatMap((who) => [`start ${who}`, `end ${who}`]);
    expect(lines()).toEqual(inTurn);
    expectMerged(made);
  });

  it('leaves nothing behind when it is canceled in the middle', async () => {
    const made = setUp('clean');
    const before = tips(made);
    const id = `safe-merge-canceled-${path.basename(made.folder).slice(-6)}`;
    const tests = `touch '${quoted(path.join(made.folder, 'testing'))}'; sleep 600`;
    const running = safeMerge(made, { TEST_COMMAND: tests }, ['--id', id]);
    await eventually('it tests', () => existsSync(path.join(made.folder, 'testing')));
    await callCli(['cancel', id]);
    expect((await running).code).toBe(4);
    expectUntouched(made, before);
    expect(event(made)).toMatchObject({ outcome: 'failed' });
  });

  it('can be run again when everything is merged already', async () => {
    const made = setUp('clean');
    await safeMerge(made);
    const merged = git(made.work, 'rev-parse', 'main');
    const { code } = await safeMerge(made);
    expect(code).toBe(0);
    expect(git(made.origin, 'rev-parse', 'main')).toBe(merged);
    expect(event(made)).toMatchObject({ outcome: 'unchanged' });
  });

  it.each([
    ['tests that fail', { TEST_COMMAND: 'exit 1' }, 'test-branch'],
    ['a branch that is not there', { BRANCH: 'nowhere' }, 'snapshot'],
    ['a branch into itself', { BRANCH: 'main' }, 'check-request'],
  ])('refuses %s', async (_what, inputs, refusing) => {
    const made = setUp('clean');
    const before = tips(made);
    const { code, run } = await safeMerge(made, inputs);
    expect(code).toBe(1);
    expect(statuses(run)).toMatchObject({ [refusing]: 'failed', merge: 'skipped', push: 'skipped', record: 'success' });
    expectUntouched(made, before);
  });

  it('refuses a tree with uncommitted changes, and leaves them alone', async () => {
    const made = setUp('clean');
    writeFileSync(path.join(made.work, 'main.txt'), 'not committed\n');
    const { code, run } = await safeMerge(made);
    expect(code).toBe(1);
    expect(statuses(run)).toMatchObject({ 'check-tree': 'failed', merge: 'skipped' });
    expect(git(made.work, 'status', '--porcelain')).toBe(' M main.txt');
  });

  it.each([`x'; touch pwned; '`, '$(touch pwned)', '`touch pwned`', '--upload-pack=touch pwned', '"; touch pwned; "'])(
    'takes %j for a name, not for code',
    async (branch) => {
      const made = setUp('clean');
      const before = tips(made);
      const { code, run } = await safeMerge(made, { BRANCH: branch });
      expect(code).toBe(1);
      expect(statuses(run)).toMatchObject({ 'check-request': 'failed', merge: 'skipped', push: 'skipped' });
      expectUntouched(made, before);
      for (const folder of [process.cwd(), made.folder, made.work]) {
        expect(existsSync(path.join(folder, 'pwned'))).toBe(false);
      }
    },
  );

  it('merges a branch whose name is as odd as git allows', async () => {
    const branch = `-it's/"odd"-$(touch$IFS.pwned)-;&|-%s`;
    const made = setUp('conflict', branch);
    const { code } = await safeMerge(made, { BRANCH: branch });
    expect(code).toBe(0);
    expectMerged(made, branch);
    expect(event(made)).toMatchObject({ outcome: 'merged', branch });
  });
});

interface Made {
  folder: string;
  work: string;
  origin: string;
}

function setUp(kind: 'clean' | 'conflict', branch = 'feature'): Made {
  const folder = folders.make();
  const { code, stderr } = sh('safe-merge/setup.sh', [folder, kind, branch]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { folder, work: path.join(folder, 'work'), origin: path.join(folder, 'origin.git') };
}

async function safeMerge(
  made: Made,
  inputs: Record<string, string> = {},
  more: readonly string[] = [],
): Promise<{ code: number | null; run: RunJson }> {
  const given = Object.entries({ REPO: made.work, BRANCH: 'feature', ...inputs });
  const args = given.flatMap(([name, value]) => ['--input', `${name}=${value}`]);
  const { code, stdout, stderr } = await callCli(['run', PLAN, ...args, ...more, '--json']);
  if (!stdout.startsWith('{')) throw new Error(`orch run printed no result:\n${stdout}${stderr}`);
  return { code, run: JSON.parse(stdout) as RunJson };
}

/** Tests that pass, and the second time let somebody else push while they run. */
function racingTests(made: Made): string {
  const script = path.join(made.folder, 'tests.sh');
  writeFileSync(
    script,
    `set -eu
cd "$(dirname "$0")"
if [ -e ran-before ]; then
  git clone --quiet origin.git other
  git -C other -c user.name=other -c user.email=other@example.invalid \\
    commit --quiet --allow-empty -m 'Somebody else was faster'
  git -C other push --quiet origin main
fi
: > ran-before
`,
  );
  return script;
}

/** For a place between single quotes in a shell's text. */
function quoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}

function statuses(run: RunJson): Record<string, string> {
  return Object.fromEntries(run.steps.map((step) => [step.id, step.status]));
}

function all(status: string, ids: readonly string[]): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, status]));
}

function tips(made: Made): { head: string; branch: string; origin: string } {
  return {
    head: git(made.work, 'rev-parse', 'HEAD'),
    branch: git(made.work, 'symbolic-ref', 'HEAD'),
    origin: git(made.origin, 'rev-parse', 'main'),
  };
}

function expectMerged(made: Made, branch = 'feature'): void {
  const merged = git(made.origin, 'rev-parse', 'main');
  const parents = git(made.origin, 'log', '-1', '--format=%P', merged).split(' ');
  expect(parents).toHaveLength(2);
  expect(parents[1]).toBe(git(made.work, 'rev-parse', `refs/heads/${branch}`));
  expectUntouched(made, { head: merged, branch: 'refs/heads/main', origin: merged });
}

/** The checkout is where it should be and clean, no worktree is left, and the remote is where it should be. */
function expectUntouched(made: Made, expected: ReturnType<typeof tips>): void {
  expect(tips(made)).toEqual(expected);
  expect(git(made.work, 'status', '--porcelain')).toBe('');
  expect(git(made.work, 'worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);
  expect(readdirSync(path.join(made.work, '.git', 'safe-merge'))).toEqual(['events.ndjson']);
}

/** The last recorded event. */
function event(made: Made): unknown {
  const lines = readFileSync(path.join(made.work, '.git', 'safe-merge', 'events.ndjson'), 'utf8')
    .trimEnd()
    .split('\n');
  return JSON.parse(lines.at(-1)!);
}
