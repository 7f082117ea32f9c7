import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tempDir } from '../support/plans.js';

const PRELOAD = fileURLToPath(new URL('../../bench/profile/preload.cjs', import.meta.url));

const WITH_A_THREAD = `
  const { Worker } = require('node:worker_threads');
  const thread = new Worker('setInterval(() => {}, 1000)', { eval: true });
  thread.once('online', () => thread.terminate().then(() => process.exit()));
`;

/** Runs a script under the bench's `--profile`, and names the profiles that it left. */
function profilesOf(name: string): string[] {
  const folder = tempDir();
  const profiles = path.join(folder, 'profiles');
  mkdirSync(profiles);
  const script = path.join(folder, name);
  writeFileSync(script, WITH_A_THREAD);
  const env = { ...process.env, NODE_OPTIONS: `--require=${JSON.stringify(PRELOAD)}`, BENCH_PROFILE_DIR: profiles };
  execFileSync(process.execPath, [script], { env });
  return readdirSync(profiles).map((file) => file.replace(/\.\d+\./, '.'));
}

test('a worker leaves a profile of each of its threads, and what it starts leaves none', () => {
  expect(profilesOf('worker.js').sort()).toEqual(['main.cpuprofile', 'thread-1.cpuprofile']);
  expect(profilesOf('step.js')).toEqual([]);
});
