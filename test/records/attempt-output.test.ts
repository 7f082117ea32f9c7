import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { attemptOutput, type AttemptOutput } from '../../src/records/attempt-output.js';
import { timesWriter, TIMES_FILE } from '../../src/records/stream-times.js';
import { tempDir } from '../support/plans.js';

let dir: string;
let paths: { stdout: string; stderr: string; times: string };
beforeEach(() => {
  dir = tempDir();
  const [stdout, stderr, times] = ['stdout.log', 'stderr.log', TIMES_FILE].map((name) => path.join(dir, name)) as [
    string,
    string,
    string,
  ];
  paths = { stdout, stderr, times };
});

async function read(output: AttemptOutput, over: boolean): Promise<string[]> {
  const pieces: string[] = [];
  for await (const { stream, bytes, at } of output.news(over)) {
    pieces.push(`${stream[3]}:${bytes.toString()}@${at === undefined ? '-' : `${at.time}${at.late ? '<' : ''}`}`);
  }
  return pieces;
}
const both = (): AttemptOutput => attemptOutput(paths, ['stdout', 'stderr']);

test('both streams are one, in the order of their times; what has no time comes at the end', async () => {
  writeFileSync(paths.stdout, 'one three five');
  writeFileSync(paths.stderr, 'two four');
  const times = timesWriter(dir);
  times.note({ stream: 'stdout', bytes: 4, time: 1, late: false });
  times.note({ stream: 'stdout', bytes: 10, time: 3, late: false });
  times.note({ stream: 'stderr', bytes: 4, time: 2.5, late: true });
  times.flush();
  expect(await read(both(), true)).toEqual(['o:one @1', 'e:two @2.5<', 'o:three @3', 'o:five@-', 'e:four@-']);
  const outOnly = attemptOutput(paths, ['stdout']);
  expect(await read(outOnly, true)).toEqual(['o:one @1', 'o:three @3', 'o:five@-']);
});

test('while it grows, what has no time yet is waited for, and so is what has its time but is not written', async () => {
  const times = timesWriter(dir);
  const output = both();
  expect(await read(output, false)).toEqual([]);
  times.begin();
  writeFileSync(paths.stdout, 'one ');
  expect(await read(output, false)).toEqual([]);
  times.note({ stream: 'stdout', bytes: 4, time: 1, late: false });
  times.note({ stream: 'stderr', bytes: 4, time: 2, late: false });
  times.note({ stream: 'stdout', bytes: 10, time: 3, late: false });
  times.flush();
  appendFileSync(paths.stdout, 'three ');
  expect(await read(output, false)).toEqual(['o:one @1']);
  writeFileSync(paths.stderr, 'two ');
  expect(await read(output, false)).toEqual(['e:two @2', 'o:three @3']);
  expect(await read(output, true)).toEqual([]);
});

test('logs without times, as an older orch writes them, are given at once: stdout, then stderr', async () => {
  const output = both();
  writeFileSync(paths.stdout, 'one ');
  writeFileSync(paths.stderr, 'two');
  expect(await read(output, false)).toEqual(['o:one @-', 'e:two@-']);
  appendFileSync(paths.stdout, 'three');
  expect(await read(output, true)).toEqual(['o:three@-']);
});

test('what a killed worker has left unfinished, and what another one says again, changes nothing', async () => {
  writeFileSync(paths.stdout, 'one two three');
  writeFileSync(paths.times, '\no 4 1.000\no 1');
  const times = timesWriter(dir);
  times.begin();
  times.note({ stream: 'stdout', bytes: 3, time: 7, late: true });
  times.note({ stream: 'stdout', bytes: 8, time: 8, late: true });
  times.flush();
  expect(await read(both(), true)).toEqual(['o:one @1', 'o:two @8<', 'o:three@-']);
});
