import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';

// `npm run attack` on a state folder and a service of its own.
// Three dozen attacks, most of which wait: they take minutes, and on a busy machine many.
test('nobody who is kept out steers a run or reads one', { timeout: 1_500_000, retry: 0 }, async () => {
  const child = spawn(process.execPath, [path.join(REPO, 'test', 'attack', 'attack.mjs')]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, output).toBe(0);
});
