import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { withLock } from '../../src/service/lock.js';
import { cleanUp, compiledService, runModule, temporaryFolder, until } from './rig.js';

afterEach(cleanUp);

const DEAD = JSON.stringify({ pid: 1, start_time: 'another life', token: 'deadbeef' });

it('is held by one at a time, and told to those who wait', async () => {
  const path = join(temporaryFolder(), 'lock');
  const order: string[] = [];
  let endFirst: (() => void) | undefined;
  const first = withLock(path, { timeoutMs: 5_000 }, () => {
    order.push('first');
    return new Promise<void>((resolve) => (endFirst = resolve));
  });
  await until('the first one holds it', () => order.length === 1);
  const onWait = (pid: number) => {
    order.push(`second waits for ${pid}`);
    endFirst?.();
  };
  await withLock(path, { timeoutMs: 5_000, onWait }, async () => order.push('second'));
  await first;
  expect(order).toEqual(['first', `second waits for ${process.pid}`, 'second']);
  expect(existsSync(path)).toBe(false);
});

it('is given back where the work fails', async () => {
  const path = join(temporaryFolder(), 'lock');
  await expect(withLock(path, { timeoutMs: 0 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(path, { timeoutMs: 0 }, async () => 'mine')).toBe('mine');
});

it('is not waited for without end', async () => {
  const path = join(temporaryFolder(), 'lock');
  await withLock(path, { timeoutMs: 0 }, async () => {
    const second = withLock(path, { timeoutMs: 60 }, async () => {});
    await expect(second).rejects.toMatchObject({
      code: 'service_lock_timeout',
      message: `process ${process.pid} has held the lock ${path} for too long`,
    });
  });
});

it('is taken from a dead holder, and from one whose text was lost', async () => {
  const path = join(temporaryFolder(), 'lock');
  for (const text of [DEAD, '']) {
    writeFileSync(path, text);
    expect(await withLock(path, { timeoutMs: 0 }, async () => 'mine')).toBe('mine');
  }
  expect(readdirSync(dirname(path))).toEqual([]);
});

it('is taken from a dead holder whose remover died too', async () => {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, DEAD);
  writeFileSync(`${path}.deadbeef`, JSON.stringify({ pid: 1, start_time: 'another life', token: 'cafe' }));
  expect(await withLock(path, { timeoutMs: 0 }, async () => 'mine')).toBe('mine');
  expect(readdirSync(dirname(path))).toEqual([]);
});

it('is never held by two of several processes that find a dead holder at once', async () => {
  const dist = compiledService();
  const folder = temporaryFolder();
  const counter = join(folder, 'counter');
  writeFileSync(counter, '0');
  const rounds = 25;
  // Each round reads, waits and writes a counter: two holders at once would lose a count. Each leaves a dead lock behind.
  const text = `
    import { readFileSync, writeFileSync } from 'node:fs';
    import { setImmediate } from 'node:timers/promises';
    import { withLock } from '${dist}/lock.js';
    for (let round = 0; round < ${rounds}; round++) {
      await withLock('${folder}/lock', { timeoutMs: 200_000 }, async () => {
        const count = Number(readFileSync('${counter}', 'utf8'));
        await setImmediate();
        writeFileSync('${counter}', String(count + 1));
        const token = process.pid + '-' + round;
        writeFileSync('${folder}/lock', JSON.stringify({ pid: 1, start_time: 'another life', token }));
      });
    }
    console.log('true');`;
  await Promise.all([1, 2, 3, 4].map(() => runModule(text, process.env)));
  expect(readFileSync(counter, 'utf8')).toBe(String(4 * rounds));
});
