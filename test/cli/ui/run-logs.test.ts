import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readLogs } from '../../../src/cli/ui/run-logs.js';
import { stepAttemptDir } from '../../../src/records/paths.js';
import { tempDir } from '../../support/plans.js';

let state: string;

beforeEach(() => {
  state = tempDir();
});

function write(step: string, attempt: number, files: Record<string, string>): string {
  const folder = stepAttemptDir(state, 'run', step, attempt);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

test('a step that has printed nothing here has no logs', async () => {
  expect(await readLogs(state, 'run', { step: 'a' })).toEqual({
    sources: [],
    attempts: [],
    lines: [],
    place: { stdout: 0, stderr: 0 },
    skipped: 0,
    more: false,
    over: false,
  });
});

test('lines come as they were written, and go on where the last look ended', async () => {
  const folder = write('a', 1, {
    'stdout.log': 'one\ntw',
    'stderr.log': 'err\n',
    'times.log': 'e 4 1000.000\no 6 2000.000\n',
  });
  const first = await readLogs(state, 'run', { step: 'a' });
  expect(first).toMatchObject({ source: 'a', attempts: [1], attempt: 1, more: false, over: false });
  expect(first.lines).toEqual([
    { stream: 'stderr', text: 'err', time: 1000 },
    { stream: 'stdout', text: 'one', time: 2000 },
  ]);
  expect(first.place).toEqual({ stdout: 4, stderr: 4 });
  appendFileSync(path.join(folder, 'stdout.log'), 'o\nend');
  appendFileSync(path.join(folder, 'times.log'), 'o 11 3000.000\n');
  writeFileSync(path.join(folder, 'result.json'), '{}');
  const second = await readLogs(state, 'run', { step: 'a', attempt: 1, place: first.place });
  expect(second.lines.map(({ text }) => text)).toEqual(['two', 'end']);
  expect([second.over, second.place]).toEqual([true, { stdout: 11, stderr: 4 }]);
});

test('of a large log the end is shown, a part at a time', async () => {
  const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}\n`).join('');
  write('a', 1, { 'stdout.log': lines, 'result.json': '{}' });
  const end = await readLogs(state, 'run', { step: 'a' });
  expect(end.skipped).toBe(lines.length - 256 * 1024);
  expect([end.lines.at(-1)!.text, end.over]).toEqual(['line 199999', true]);
  const all = await readLogs(state, 'run', { step: 'a', place: { stdout: 0, stderr: 0 } });
  expect([all.lines[0]!.text, all.more, all.over]).toEqual(['line 0', true, false]);
  const next = await readLogs(state, 'run', { step: 'a', place: all.place });
  expect(next.lines[0]!.text).toBe(`line ${all.lines.length}`);
});

test('the newest attempt is shown unless another one is asked for, and instances stand for their step', async () => {
  write('f[10]', 1, { 'stdout.log': 'ten\n', 'result.json': '{}' });
  write('f[2]', 1, { 'stdout.log': 'old\n', 'result.json': '{}' });
  write('f[2]', 2, { 'stdout.log': 'new\n', 'result.json': '{}' });
  const shown = await readLogs(state, 'run', { step: 'f' });
  expect([shown.sources, shown.source, shown.attempt, shown.lines[0]!.text]).toEqual([
    ['f[2]', 'f[10]'],
    'f[2]',
    2,
    'new',
  ]);
  expect((await readLogs(state, 'run', { step: 'f[2]', attempt: 1 })).lines[0]!.text).toBe('old');
  expect(await readLogs(state, 'run', { step: 'f[2]', attempt: 7 })).toMatchObject({ attempts: [1, 2], lines: [] });
});

test('nothing in a log steers anything: codes are taken out, and a line without an end is cut', async () => {
  write('a', 1, { 'stdout.log': `\u001b[31mred\u001b[0m \u202ebidi\n${'x'.repeat(40_000)}\n`, 'result.json': '{}' });
  const { lines } = await readLogs(state, 'run', { step: 'a' });
  expect(lines[0]!.text).toBe('red \\u202ebidi');
  expect(lines.map(({ text }) => text.length)).toEqual([14, 16_384, 16_384, 7232]);
});

test('no name of a run or a step leads out of the folder of the runs', async () => {
  writeFileSync(path.join(state, 'secret'), 'x');
  expect(await readLogs(state, '../../..', { step: '../../secret' })).toMatchObject({ sources: [], lines: [] });
});
