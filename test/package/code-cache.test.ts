import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

test('where another version of Node has built the command, this one keeps what it has compiled, for one build at a time', () => {
  const root = tempDir();
  const cache = path.join(root, 'cache');
  for (const part of ['bin', 'package.json']) cpSync(path.join(REPO, part), path.join(root, part), { recursive: true });
  const script = path.join(root, 'dist', 'bin', 'orch.cjs');
  cpSync(path.join(REPO, 'dist', 'bin', 'orch.cjs'), script);
  symlinkSync(path.join(REPO, 'node_modules'), path.join(root, 'node_modules'));
  const env = { ...process.env, ORCH_CACHE_DIR: cache };
  const version = (): string =>
    execFileSync(process.execPath, [path.join(root, 'bin', 'orch.js'), '--version'], { env, encoding: 'utf8' });
  const kept = (): string[] => readdirSync(path.join(cache, 'compiled'));

  const said = version();
  expect(said).toMatch(/^\d+\.\d+\.\d+\n$/);
  const [first] = kept();
  const file = path.join(cache, 'compiled', first!);
  const compiled = readFileSync(file);
  expect(first).toContain(process.version);
  expect(version()).toBe(said);
  expect(readFileSync(file).equals(compiled), 'it was good').toBe(true);

  writeFileSync(file, 'no cache');
  expect(version()).toBe(said);
  expect(readFileSync(file).length, 'it was kept anew').toBeGreaterThan(10_000);

  utimesSync(script, 1, 1);
  expect(version()).toBe(said);
  expect(kept()).toHaveLength(1);
  expect(kept()).not.toEqual([first]);

  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'no folder');
  expect(version()).toBe(said);
});
