import { expect, test } from 'vitest';
import { refuseNul } from '../../../src/activities/command/refuse-nul.js';

type Task = Parameters<typeof refuseNul>[0];
const task = (action: object, more: Partial<Task> = {}): Task =>
  ({ action: { type: 'command', command: 'x', args: [], ...action }, env: {}, cwd: ['/'], ...more }) as Task;

test.each<[string, Task]>([
  ['the command', task({ command: 'a\0b' })],
  ['args[1]', task({ args: ['a', '\0'] })],
  ['args.Name', task({ type: 'powershell', args: { Name: 'a\0', Other: 1 } })],
  ['the environment variable N', task({}, { env: { M: '', N: '\0' } })],
  ['cwd', task({}, { cwd: ['/', 'a\0'] })],
])('a NUL in %s is refused by its place', (place, given) => {
  expect(() => refuseNul(given)).toThrow(
    `${place} holds a NUL character, which no argument, variable or path can carry; pass it by stdin or in a file`,
  );
});

test('stdin may hold one', () => {
  expect(() => refuseNul(task({ stdin: 'a\0b', args: ['a'] }))).not.toThrow();
});
