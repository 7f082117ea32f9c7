import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { collectOutputs } from '../../../src/activities/command/outputs.js';
import { tempDir } from '../../support/plans.js';

const dir = tempDir();
const [file, stdout] = [path.join(dir, 'outputs'), path.join(dir, 'stdout')];

test('what expressions read of outputs is at most 128 KiB; what they do not read may be more', () => {
  const large = 'x'.repeat(120_000);
  writeFileSync(file, `a=${large}\nb=${large}\n`);
  expect(collectOutputs(file, stdout, ['b'])).toEqual({ b: large });
  expect(() => collectOutputs(file, stdout, ['a', 'b'])).toThrow(
    'the outputs that expressions read are 240015 bytes, more than 131072; write large data to a file and output its path',
  );
});

test('a file of outputs has at most 1 MiB', () => {
  writeFileSync(file, `a=${'x'.repeat(1024 * 1024)}`);
  expect(() => collectOutputs(file, stdout, ['a'])).toThrow('$ORCH_OUTPUT is 1048578 bytes; at most 1048576 are read');
});

test('`stdout` is its last 64 KiB', () => {
  writeFileSync(file, '');
  writeFileSync(stdout, `${'a'.repeat(100_000)}${'b'.repeat(60_000)}`);
  expect(collectOutputs(file, stdout, ['stdout'])).toEqual({
    stdout: `${'a'.repeat(64 * 1024 - 60_000)}${'b'.repeat(60_000)}`,
  });
});
