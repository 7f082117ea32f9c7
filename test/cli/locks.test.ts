import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { callCli, sharedStateDir } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

const linesOf = (dir: string): string[] => {
  try {
    return readFileSync(path.join(dir, 'log'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};
/** Writes down when it starts and ends; between the two it waits for the file `go` or `go-<tag>`. */
const noted = (id: string, more: object = {}): object => ({
  id,
  command: 'echo "start $TAG" >> log; until [ -e go ] || [ -e "go-$TAG" ]; do sleep 0.05; done; echo "end $TAG" >> log',
  shell: true,
  grace_sec: 0.5,
  ...more,
});
const inputs = { TAG: { required: true } };

async function start(plan: string, dir: string, tag: string): Promise<string> {
  const id = uniqueId(tag);
  const { code, stderr } = await callCli(['start', plan, '--id', id, '--input', `TAG=${tag}`], { cwd: dir });
  expect([code, stderr.includes('error')]).toEqual([0, false]);
  return id;
}
const started = (dir: string, tag: string): Promise<true> =>
  eventually(`${tag} starts`, () => linesOf(dir).includes(`start ${tag}`) || undefined, 40_000);
const waiting = (name: string, who: string): Promise<unknown> =>
  eventually(`${who} waits for ${name}`, async () => {
    const held = JSON.parse((await callCli(['locks', '--json'])).stdout || '[]') as Held[];
    return held.some((lock) => lock.name === name && lock.waiters.some(({ run_id }) => run_id === who)) || undefined;
  });
const ended = async (id: string): Promise<string> =>
  (JSON.parse((await callCli(['watch', id, '--json'])).stdout) as { status: string }).status;

interface Held {
  name: string;
  holder: { run_id: string; step_id?: string };
  waiters: { run_id: string; step_id?: string }[];
}

describe('a lock of a step', () => {
  test('keeps steps of several runs apart, first come, first served; locks and explain show who waits for whom', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = writePlan(dir, { inputs, steps: [noted('work', { locks: [name] })] });
    const a = await start(plan, dir, 'a');
    await started(dir, 'a');
    const b = await start(plan, dir, 'b');
    await waiting(name, b);
    const c = await start(plan, dir, 'c');
    await waiting(name, c);
    const shown = (await callCli(['locks'])).stdout.split('\n');
    expect(shown[0]).toMatch(/^LOCK +HELD BY +WAITING$/);
    expect(shown.find((line) => line.startsWith(name))?.split(/ {2,}/)).toEqual([
      name,
      `${a}:work`,
      `${b}:work, ${c}:work`,
    ]);
    // The lock knows who waits a moment before the run knows for whom.
    const explained = `work: running\n  It waits for lock '${name}', held by run '${a}'.\n  It depends on nothing.\n`;
    await eventually(
      'the step says for whom it waits',
      async () => (await callCli(['explain', b, 'work'])).stdout === explained,
    );
    expect((await callCli(['status', b])).stdout).toContain(`waits for lock '${name}', held by run '${a}'`);
    writeFileSync(path.join(dir, 'go'), '');
    expect(await Promise.all([a, b, c].map(ended))).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(linesOf(dir)).toEqual(['start a', 'end a', 'start b', 'end b', 'start c', 'end c']);
  });

  test('a step that is canceled while it waits never runs and leaves the line; the next one gets the lock', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = writePlan(dir, { inputs, steps: [noted('work', { locks: [name] })] });
    const a = await start(plan, dir, 'a');
    await started(dir, 'a');
    const b = await start(plan, dir, 'b');
    await waiting(name, b);
    const c = await start(plan, dir, 'c');
    await waiting(name, c);
    await callCli(['cancel', b]);
    expect(await ended(b)).toBe('canceled');
    writeFileSync(path.join(dir, 'go'), '');
    expect(await Promise.all([a, c].map(ended))).toEqual(['succeeded', 'succeeded']);
    expect(linesOf(dir)).toEqual(['start a', 'end a', 'start c', 'end c']);
  });

  test('a paused run lets the lock pass and takes it once it goes on', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = writePlan(dir, { inputs, steps: [noted('work', { locks: [name] })] });
    const a = await start(plan, dir, 'a');
    await started(dir, 'a');
    const b = await start(plan, dir, 'b');
    await waiting(name, b);
    const c = await start(plan, dir, 'c');
    await waiting(name, c);
    await callCli(['pause', b]);
    writeFileSync(path.join(dir, 'go'), '');
    expect([await ended(a), await ended(c)]).toEqual(['succeeded', 'succeeded']);
    await callCli(['resume', b]);
    expect(await ended(b)).toBe('succeeded');
    expect(linesOf(dir)).toEqual(['start a', 'end a', 'start c', 'end c', 'start b', 'end b']);
  });

  test('may be named by a template: runs for different stages do not wait for each other', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = writePlan(dir, { inputs, steps: [noted('work', { locks: [`${name} \${TAG}`] })] });
    const a = await start(plan, dir, 'a');
    const b = await start(plan, dir, 'b');
    await Promise.all([started(dir, 'a'), started(dir, 'b')]);
    const held = JSON.parse((await callCli(['locks', '--json'])).stdout) as Held[];
    expect(held.filter((lock) => lock.name.startsWith(name)).map((lock) => [lock.name, lock.holder.run_id])).toEqual([
      [`${name} a`, a],
      [`${name} b`, b],
    ]);
    writeFileSync(path.join(dir, 'go'), '');
    expect(await Promise.all([a, b].map(ended))).toEqual(['succeeded', 'succeeded']);
  });

  test('is taken by each instance of a foreach, without blocking a run that has few slots', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    writeFileSync(path.join(dir, 'go'), '');
    const plan = writePlan(dir, {
      inputs,
      globals: { max_concurrency: 2 },
      steps: [
        noted('each', { foreach: [1, 2, 3], locks: [name] }),
        noted('other', { locks: [name] }),
        noted('third', { locks: [name] }),
      ],
    });
    expect(await ended(await start(plan, dir, 'a'))).toBe('succeeded');
    expect(linesOf(dir)).toEqual(Array.from({ length: 5 }, () => ['start a', 'end a']).flat());
  });

  test('two runs that name the same locks in different orders both end', async () => {
    const dir = tempDir();
    const [x, y] = [uniqueId('x'), uniqueId('y')];
    writeFileSync(path.join(dir, 'go'), '');
    const one = writePlan(dir, { inputs, steps: [noted('work', { locks: [x, y] })] }, 'one.json');
    const two = writePlan(dir, { inputs, steps: [noted('work', { locks: [y, x] })] }, 'two.json');
    const ids = await Promise.all([one, two, one, two].map((plan, n) => start(plan, dir, `r${n}`)));
    expect(await Promise.all(ids.map(ended))).toEqual(Array(4).fill('succeeded'));
    const lines = linesOf(dir).map((line) => line.split(' ')[0]);
    expect(lines).toEqual(['start', 'end', 'start', 'end', 'start', 'end', 'start', 'end']);
  });
});

const planOf = (dir: string, name: string): string =>
  writePlan(dir, {
    inputs,
    globals: { locks: [name] },
    steps: [noted('work', { locks: [name] })], // held by the run already
    finally: [{ id: 'tidy', command: 'echo "tidy $TAG" >> log', shell: true }],
  });

describe('a lock of a run', () => {
  test('lasts through finally, whatever the end; a run that is canceled while it waits runs nothing', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = planOf(dir, name);
    const a = await start(plan, dir, 'a');
    await started(dir, 'a');
    const b = await start(plan, dir, 'b');
    await waiting(name, b);
    const c = await start(plan, dir, 'c');
    await waiting(name, c);
    // The lock knows who waits a moment before the run knows for whom.
    const explained = `work: pending\n  It is ready; the run waits for lock '${name}', held by run '${a}'.\n`;
    await eventually(
      'the run says for whom it waits',
      async () => (await callCli(['explain', c, 'work'])).stdout === explained,
    );
    expect((await callCli(['status', c])).stdout).toContain(`  the run waits for lock '${name}', held by run '${a}'\n`);
    expect(JSON.parse((await callCli(['status', c, '--json'])).stdout)).toMatchObject({
      waits_for: `waits for lock '${name}', held by run '${a}'`,
    });
    await callCli(['cancel', b]);
    expect(await ended(b)).toBe('canceled');
    await callCli(['cancel', a]);
    writeFileSync(path.join(dir, 'go-c'), '');
    expect([await ended(a), await ended(c)]).toEqual(['canceled', 'succeeded']);
    expect(linesOf(dir)).toEqual(['start a', 'tidy a', 'start c', 'end c', 'tidy c']);
  });

  test('is freed when its run is terminated, for the next in line that still lives', async () => {
    const dir = tempDir();
    const name = uniqueId('lock');
    const plan = planOf(dir, name);
    const a = await start(plan, dir, 'a');
    await started(dir, 'a');
    const b = await start(plan, dir, 'b');
    await waiting(name, b);
    const c = await start(plan, dir, 'c');
    await waiting(name, c);
    const { server } = JSON.parse(readFileSync(path.join(sharedStateDir(), 'service', 'service.json'), 'utf8')) as {
      server: { address: string };
    };
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    await client.workflow.getHandle(b).terminate();
    await client.workflow.getHandle(a).terminate();
    await connection.close();
    writeFileSync(path.join(dir, 'go-c'), '');
    expect(await ended(c)).toBe('succeeded');
    expect(linesOf(dir)).toEqual(['start a', 'start c', 'end c', 'tidy c']);
  });
});
