import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { StreamCopies } from '../../../src/activities/command/stream-copies.js';
import { attemptOutput } from '../../../src/records/attempt-output.js';
import { createRedactor, createWithholder, type Redactor } from '../../../src/secrets/index.js';
import { eventually } from '../../support/eventually.js';
import { tempDir } from '../../support/plans.js';

const SECRET = 'correct-horse-battery';
let source: { stdoutFile: string; stderrFile: string };
let folder: string;
beforeEach(() => {
  const dir = tempDir();
  source = { stdoutFile: path.join(dir, 'out'), stderrFile: path.join(dir, 'err') };
  folder = path.join(dir, 'attempt');
  writeFileSync(source.stdoutFile, '');
  writeFileSync(source.stderrFile, '');
});

const copies = (attached = false, redactor: Redactor = createRedactor([SECRET])): StreamCopies =>
  new StreamCopies({ ...source, attached }, folder, redactor);
const file = (name: string): string => path.join(folder, name);
const print = (stream: 'stdout' | 'stderr', text: string): void => appendFileSync(source[`${stream}File`], text);

async function shown(): Promise<{ text: string; late: (boolean | undefined)[] }> {
  const paths = { stdout: file('stdout.log'), stderr: file('stderr.log'), times: file('times.log') };
  let text = '';
  const late: (boolean | undefined)[] = [];
  for await (const { bytes, at } of attemptOutput(paths, ['stdout', 'stderr']).news(true)) {
    text += bytes.toString();
    late.push(at?.late);
  }
  return { text, late };
}

test('a secret that comes in parts, with words of the other stream in between, is hidden, and the order is kept', async () => {
  const running = copies();
  running.follow();
  print('stdout', 'begin\n');
  await eventually(
    'it is copied',
    () => existsSync(file('times.log')) && /o 6/.test(readFileSync(file('times.log'), 'utf8')),
  );
  print('stdout', `the ${SECRET.slice(0, 9)}`);
  await eventually('it is copied', () => readFileSync(file('stdout.log'), 'utf8') === 'begin\nthe ');
  print('stderr', 'oops\n');
  await eventually('it is copied', () => existsSync(file('stderr.log')));
  print('stdout', `${SECRET.slice(9)} staple\n`);
  expect(await running.finish()).toBe(true);
  expect(await shown()).toEqual({ text: 'begin\nthe oops\n*** staple\n', late: [false, false, false, false] });
});

test('what is over before anybody looks has one time; of what says nothing there is no file', async () => {
  const silent = copies();
  silent.follow();
  expect(await silent.finish()).toBe(true);
  expect(existsSync(folder)).toBe(false);
});

test('who takes over keeps the times that are known, and says of the rest that it is late', async () => {
  print('stdout', 'one\n');
  const first = copies();
  first.follow();
  await eventually(
    'it is copied',
    () => existsSync(file('times.log')) && /o 4/.test(readFileSync(file('times.log'), 'utf8')),
  );
  const known = readFileSync(file('times.log'), 'utf8');
  print('stderr', 'two\n');
  const second = copies(true);
  const endedAt = Date.now() + 5;
  expect(await second.finish(endedAt)).toBe(true);
  expect(await shown()).toEqual({ text: 'one\ntwo\n', late: [false, true] });
  expect(readFileSync(file('times.log'), 'utf8').startsWith(known)).toBe(true);
  await first.finish();
});

test('output that is withheld has a time, too', async () => {
  print('stdout', `the ${SECRET}\n`);
  const running = copies(false, createWithholder('withheld\n'));
  expect(await running.finish()).toBe(true);
  expect(await shown()).toEqual({ text: 'withheld\n', late: [false] });
});
