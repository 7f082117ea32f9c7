import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from './plans.js';
import { staleBuild } from './stale-build.js';

/** Writes a file that was changed at a time, in seconds. */
function write(root: string, file: string, at: number): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), '');
  utimesSync(path.join(root, file), at, at);
}

test('a build is as new as what it is made of, older, or not there', () => {
  const root = tempDir();
  write(root, 'src/plan/a.ts', 1000);
  expect(staleBuild(root)).toBe('there is no dist: npm run build');
  write(root, 'dist/bin/orch.cjs', 1001);
  expect(staleBuild(root)).toBeUndefined();
  write(root, 'docs/new.md', 1002);
  write(root, 'test/new.test.ts', 1002);
  expect(staleBuild(root)).toBeUndefined();
  write(root, 'src/plan/b.ts', 1002);
  expect(staleBuild(root)).toMatch(/^dist is older than src\/plan\/b\.ts: npm run build\./);
});
