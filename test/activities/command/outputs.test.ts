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

test.each([
  ['a byte order mark', Buffer.from('\uFEFFa=1'), { a: '1' }],
  ['a byte order mark before JSON', Buffer.from('\uFEFF{"a": 12345678901234567890}'), { a: '12345678901234567890' }],
])('%s is read', (_, bytes, expected) => {
  writeFileSync(file, bytes);
  expect(collectOutputs(file, stdout, ['a'])).toEqual(expected);
});

test('`stdout` that is no text is refused; a replacement sign, or a sign that is cut by the limit, is text', () => {
  writeFileSync(file, '');
  for (const text of ['a\uFFFDb', `${'\u00e4'.repeat(40_000)}x\uFFFD`]) {
    writeFileSync(stdout, text);
    const { stdout: read } = collectOutputs(file, stdout, ['stdout']);
    expect(typeof read === 'string' && text.endsWith(read)).toBe(true);
  }
  writeFileSync(stdout, Buffer.from([0x61, 0xff, 0x62]));
  expect(() => collectOutputs(file, stdout, ['stdout'])).toThrow(
    'stdout, which an expression reads, is not UTF-8; write binary data to a file and output its path',
  );
});

test.each([
  ['UTF-16', Buffer.from('\uFEFFa=1', 'utf16le'), '$ORCH_OUTPUT is UTF-16; write it as UTF-8'],
  ['Latin-1', Buffer.from('a=\xe4', 'latin1'), '$ORCH_OUTPUT is not UTF-8; write it as UTF-8'],
  ['a NUL', Buffer.from('a=1\nb=x\0y'), 'line 2 of $ORCH_OUTPUT holds a NUL character'],
  [
    'a key twice',
    Buffer.from('{"a": 1, "a": 2}'),
    "$ORCH_OUTPUT starts like a JSON object but is not one: duplicate key 'a'",
  ],
])('%s is refused', (_, bytes, message) => {
  writeFileSync(file, bytes);
  expect(() => collectOutputs(file, stdout, ['a'])).toThrow(message);
});
