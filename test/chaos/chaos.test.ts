import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';

// The short form of `npm run chaos`, each disaster once. Its state folder and its service are its own.
test('nothing is lost, doubled or left behind when workers, servers and steps are killed', async () => {
  const script = path.join(REPO, 'test', 'chaos', 'chaos.mjs');
  const child = spawn(process.execPath, [script, '--rounds', '4', '--victims', '1', '--within', '2500']);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, output).toBe(0);
}, 240_000);
