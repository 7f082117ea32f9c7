import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { stopSteps } from '../../src/activities/cleanup/sweep-tries.js';
import { findTemporalBinary, stopService } from '../../src/service/index.js';
import { EMBEDDED_SERVICE } from '../../src/temporal/service-name.js';
import { staleBuild } from './stale-build.js';

/**
 * Finds the Temporal binary once, as the product does, and gives all test files one state folder. The service in it
 * is started by the first test that runs a plan, and stopped at the end.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  sayIfStale();
  const binary = await findTemporalBinary({
    env: process.env,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  const stateDir = mkdtempSync(path.join(os.tmpdir(), 'orch-test-'));
  // For the example of a secret that the worker has in its environment.
  process.env['PUBLISH_TOKEN'] = 'token-of-the-worker';
  project.provide('stateDir', stateDir);
  project.provide('temporalBinary', binary.path);
  return async () => {
    await stopService({ env: { ...process.env, ORCH_STATE_DIR: stateDir } });
    await stopSteps(stateDir, EMBEDDED_SERVICE);
    rmSync(stateDir, { recursive: true, force: true });
    sayIfStale();
  };
}

/** Before the tests and after them, where their failures stand. */
function sayIfStale(): void {
  const stale = staleBuild(path.resolve(import.meta.dirname, '../..'));
  if (stale !== undefined) process.stderr.write(`\nwarning: ${stale}\n\n`);
}
