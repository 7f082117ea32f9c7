import { appendFileSync, mkdtempSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startBeat } from '../../src/service/beat.js';
import { withRestarts, restartsText } from '../../src/service/restarts.js';
import { rotateLog } from '../../src/service/rotate-log.js';

const folder = (): string => mkdtempSync(path.join(os.tmpdir(), 'orch-chores-'));

test('a log that has grown large is set aside, and who writes to it goes on', () => {
  const log = path.join(folder(), 'server.log');
  const writer = openSync(log, 'a');
  writeSync(writer, 'one\n');
  rotateLog(log, 4);
  expect(readFileSync(log, 'utf8')).toBe('one\n');
  writeSync(writer, 'two\n');
  rotateLog(log, 4);
  writeSync(writer, 'three\n');
  expect([readFileSync(`${log}.1`, 'utf8'), readFileSync(log, 'utf8')]).toEqual(['one\ntwo\n', 'three\n']);
});

test('a log that is not there needs nothing', () => {
  expect(() => rotateLog(path.join(folder(), 'none.log'), 4)).not.toThrow();
});

test('a beat is there at once, and never grows', () => {
  const file = path.join(folder(), 'worker.beat');
  const stop = startBeat(file);
  stop();
  expect(readFileSync(file, 'utf8')).toBe('000000000001\n');
  appendFileSync(file, '');
  expect(statSync(file).size).toBe(13);
});

test('what dies over and over is told, and what died once or long ago is not', () => {
  const record = { orch_version: '1' };
  const once = withRestarts(record, [{ what: 'worker', why: 'dead' }]);
  const twice = withRestarts(once, [{ what: 'worker', why: 'stuck' }]);
  const long = { ...twice, restarts: twice.restarts!.map((restart) => ({ ...restart, at: '2020-01-01T00:00:00Z' })) };
  expect([record, once, long].map((each) => restartsText(each, 'worker'))).toEqual([undefined, undefined, undefined]);
  expect(restartsText(twice, 'worker')).toBe(
    'the embedded worker has died 2 times in the last 10 minutes, and was started again each time',
  );
});
