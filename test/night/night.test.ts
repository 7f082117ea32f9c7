import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';

// The short form of `npm run night`. Its state folder and its service are its own.
test('a night of six agents: every end is told as it was, and nothing is run that was not to be run', async () => {
  const script = path.join(REPO, 'test', 'night', 'night.mjs');
  const child = spawn(process.execPath, [script, '--turns', '6', '--kills', '1', '--calm', '0.1', '--seed', '11082']);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, output).toBe(0);
}, 240_000);
