import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { asFunction } from '../../scripts/write-bundle.mjs';
import { eventually } from '../support/eventually.js';
import { REPO } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

test('a checkout that has not been built says so', () => {
  const root = tempDir();
  cpSync(path.join(REPO, 'bin'), path.join(root, 'bin'), { recursive: true });
  const script = path.join(root, 'dist', 'bin', 'orch.cjs');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(root, 'bin', 'orch.js'), 'run', 'plan.yaml'],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(3);
  expect(stdout).toBe('');
  expect(stderr).toBe(`error: this checkout of orch has not been built: ${script} is missing\n  hint: npm run build\n`);
});

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

  const [old, recent] = ['v20.0.0-gone-1', 'v20.0.0-elsewhere-1'].map((name) => path.join(cache, 'compiled', name));
  for (const other of [old!, recent!]) writeFileSync(other, '');
  utimesSync(old!, 1, 1);
  // Another build of the same length and time, as packages have it.
  const { atime, mtime } = statSync(script);
  writeFileSync(script, readFileSync(script, 'latin1').replace(/.\n$/, '?\n'));
  utimesSync(script, atime, mtime);
  expect(version()).toBe(said);
  expect(existsSync(old!), 'a month old').toBe(false);
  rmSync(recent!); // of another place
  expect(kept()).toHaveLength(1);
  expect(kept()).not.toEqual([first]);

  rmSync(cache, { recursive: true });
  writeFileSync(cache, 'no folder');
  expect(version()).toBe(said);
});

test('after a first run what that needed is kept, in place of what less needs', () => {
  const root = tempDir();
  const cache = path.join(root, 'cache');
  cpSync(path.join(REPO, 'bin'), path.join(root, 'bin'), { recursive: true });
  const script = path.join(root, 'dist', 'bin', 'orch.cjs');
  mkdirSync(path.dirname(script), { recursive: true });
  writeFileSync(script, asFunction('exports.main = () => { process.exitCode = Number(process.env.EXIT); };'));
  const orch = (exit: number, ...line: string[]): string[] => {
    const env = { ...process.env, ORCH_CACHE_DIR: cache, EXIT: String(exit) };
    const { status } = spawnSync(process.execPath, [path.join(root, 'bin', 'orch.js'), ...line], { env });
    expect(status).toBe(exit);
    return readdirSync(path.join(cache, 'compiled'));
  };
  const [first, ...others] = orch(0, 'list');
  expect(others).toEqual([]);
  expect(orch(0, 'run', '--help'), 'help is no run').toEqual([first]);
  expect(orch(1, 'run', 'plan.json'), 'it may have ended before it began').toEqual([first]);
  expect(orch(0, 'run', 'plan.json')).toEqual([`${first}.run`]);
  const file = path.join(cache, 'compiled', `${first}.run`);
  const { mtimeMs } = statSync(file);
  expect(orch(0, 'run', 'plan.json')).toEqual([`${first}.run`]);
  expect(statSync(file).mtimeMs, 'it was good').toBe(mtimeMs);
  writeFileSync(file, 'no cache');
  expect(orch(0, 'list')).toEqual([`${first}.run`]);
  expect(readFileSync(file, 'latin1'), 'it was kept anew').not.toBe('no cache');
});

test('a process that stays keeps what it has compiled, and the next one takes it', async () => {
  const root = tempDir();
  const [bundle, cache] = [path.join(root, 'bundle.cjs'), path.join(root, 'cache')];
  writeFileSync(bundle, asFunction('setInterval(() => orchHost.beat(), 1000); exports.answer = () => 42;'));
  const compiled = JSON.stringify(path.join(REPO, 'bin', 'compiled.js'));
  const run = (code: string): string[] => ['-e', `const bundles = require(${compiled}); ${code}`, bundle];
  const env = { ...process.env, ORCH_CACHE_DIR: cache };
  const stays = spawn(process.execPath, run('bundles.runToStay(process.argv[1], { beat() {} })'), { env });
  try {
    const kept = path.join(cache, 'compiled');
    await eventually(
      'it is kept',
      () => existsSync(kept) && readdirSync(kept).some((name) => !name.endsWith(`.${stays.pid}`)),
      60_000,
    );
  } finally {
    stays.kill();
  }
  const next = run(`
    const file = process.argv[1];
    const { script, exported } = bundles.runBundle(file, bundles.readIfThere(bundles.keptFile(file)), { beat() {} });
    console.log(script.cachedDataRejected, exported.answer());
    process.exit();
  `);
  expect(execFileSync(process.execPath, next, { env, encoding: 'utf8' })).toBe('false 42\n');
});
