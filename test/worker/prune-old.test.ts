import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { manifestOf, type RunEvent } from '../../src/journal/index.js';
import { keepFor } from '../../src/records/keep.js';
import { pruneOld } from '../../src/worker/prune-old.js';
import { tempDir } from '../support/plans.js';
import { runAbout } from '../support/run-about.js';

const DAY = 86_400_000;

test('ORCH_KEEP says how long, and what cannot be read keeps all', () => {
  expect([{}, { ORCH_KEEP: '2d' }, { ORCH_KEEP: 'forever' }, { ORCH_KEEP: 'soon' }].map(keepFor)).toEqual([
    30 * DAY,
    2 * DAY,
    Infinity,
    Infinity,
  ]);
});

test('what went well long ago goes, and nothing else', async () => {
  const state = tempDir();
  write(state, 'old', { status: 'succeeded', days: 3 });
  write(state, 'old-canceled', { status: 'canceled', days: 3 });
  write(state, 'old-failed', { status: 'failed', days: 3 });
  write(state, 'fresh', { status: 'succeeded', days: 1 });
  write(state, 'open', { days: 3 });
  write(state, 'with-tree', { status: 'succeeded', days: 3 });
  mkdirSync(path.join(state, 'worktrees', 'with-tree', 'a'), { recursive: true });
  mkdirSync(path.join(state, 'runs', 'unknown'));
  expect(await pruneOld({ stateDir: state, keepMs: Infinity })).toEqual([]);
  expect((await pruneOld({ stateDir: state, keepMs: 2 * DAY })).sort()).toEqual(['old', 'old-canceled']);
  expect(readdirSync(path.join(state, 'runs')).sort()).toEqual(['fresh', 'old-failed', 'open', 'unknown', 'with-tree']);
});

function write(
  state: string,
  id: string,
  { status, days }: { status?: 'succeeded' | 'failed' | 'canceled'; days: number },
): void {
  const time = new Date(Date.now() - days * DAY).toISOString();
  const events: RunEvent[] = status === undefined ? [] : [{ v: 1, seq: 1, time, type: 'run-finished', status }];
  const folder = path.join(state, 'runs', id);
  mkdirSync(folder, { recursive: true });
  const manifest = manifestOf(runAbout({ run_id: id, created_at: time }), events);
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify(manifest));
}
