import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { guardPushes, secretsAdded } from '../../../src/activities/agent/push-guard.js';
import { treeState } from '../../../src/agents/index.js';
import { tempDir } from '../../support/plans.js';

let repo: string;
let remote: string;
let env: Record<string, string>;
const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: repo, encoding: 'utf8', env: { ...process.env, ...env }, stdio: 'pipe' }).trim();
const refusal = (...args: string[]): string => {
  try {
    return `it went well: ${git(...args)}`;
  } catch (error) {
    return String((error as { stderr: unknown }).stderr);
  }
};

beforeEach(() => {
  env = {};
  repo = path.join(tempDir(), "a 'repo'");
  remote = path.join(tempDir(), 'remote.git');
  mkdirSync(repo);
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'somebody');
  git('config', 'user.email', 'somebody@localhost');
  git('init', '-q', '--bare', remote);
  git('commit', '-q', '--allow-empty', '-m', 'first');
  git('remote', 'add', 'origin', remote);
  git('push', '-q', 'origin', 'main');
  git('commit', '-q', '--allow-empty', '-m', 'second');
  env = guardPushes(path.join(tempDir(), "turn's folder"));
  expect(guardPushes(path.join(tempDir(), 'again'))).toBeDefined();
});

test('no push reaches a remote, whichever way it is called; reading from it works', () => {
  for (const args of [
    ['origin', 'main'],
    ['--no-verify', 'origin', 'main'],
    [remote, 'main'],
  ]) {
    expect(refusal('push', ...args)).toContain('pushing-is-denied-by-orch');
  }
  git('remote', 'set-url', '--push', 'origin', remote);
  expect(refusal('push', 'origin', 'main')).toContain('orch: this agent may not push (push: deny)');
  expect(git('fetch', 'origin')).toBe('');
  expect(execFileSync('git', ['log', '--format=%s', 'main'], { cwd: remote, encoding: 'utf8' })).toBe('first\n');
});

test("the repository's own hooks go on to run, wherever they are, and can refuse", () => {
  const hook = (folder: string, name: string, line: string): void => {
    mkdirSync(path.join(repo, folder), { recursive: true });
    writeFileSync(path.join(repo, folder, name), `#!/bin/sh\n${line}\n`);
    chmodSync(path.join(repo, folder, name), 0o755);
  };
  hook('.git/hooks', 'commit-msg', 'grep -q good "$1"');
  expect(refusal('commit', '--allow-empty', '-m', 'bad')).not.toContain('it went well');
  git('commit', '-q', '--allow-empty', '-m', 'good');
  hook('.husky', 'pre-commit', 'touch was-run');
  git('config', 'core.hooksPath', '.husky');
  git('commit', '-q', '--allow-empty', '-m', 'whatever');
  expect(existsSync(path.join(repo, 'was-run'))).toBe(true);
});

test('what a turn adds that looks like a secret is told, by file, and what was there before is not', async () => {
  const write = (name: string, text: string): void => writeFileSync(path.join(repo, name), `${text}\n`);
  write('old.env', 'API_TOKEN=abcdef123456');
  const before = (await treeState(repo))!;
  expect(await secretsAdded(repo, before)).toBeUndefined();
  write('code.ts', 'const token = getToken();');
  write('old.env', 'API_TOKEN=abcdef123456\nNAME=x');
  expect(await secretsAdded(repo, before)).toBeUndefined();
  write('new.env', 'API_TOKEN=abcdef123456');
  expect(await secretsAdded(repo, before)).toBe('the change adds what looks like a secret: new.env');
});
