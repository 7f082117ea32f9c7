import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { logAddresses } from '../../src/cli/log-links.js';

const state = mkdtempSync(path.join(tmpdir(), 'orch links ü-'));
afterAll(() => rmSync(state, { recursive: true }));

function attempt(run: string, step: string, number: number, files: Record<string, string>): string {
  const folder = path.join(state, 'runs', run, 'steps', encodeURIComponent(step), String(number));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

let clock = 0;
const addressOf = logAddresses(state, 'box', () => (clock += 1000));
/** The file that an address is of, without the name of the machine. */
const fileOf = (address: string | undefined): string => fileURLToPath(address?.replace('//box/', '///') ?? '');

test("a step leads to its last attempt's output: of a failure what went to stderr, else what it printed", () => {
  attempt('r', 'both', 9, { 'stdout.log': 'old', 'stderr.log': 'old' });
  const both = attempt('r', 'both', 10, { 'stdout.log': 'out', 'stderr.log': 'err' });
  const quiet = attempt('r', 'quiet', 1, { 'stdout.log': 'out', 'stderr.log': '' });
  expect(fileOf(addressOf('r', { id: 'both', status: 'running' }))).toBe(path.join(both, 'stdout.log'));
  expect(fileOf(addressOf('r', { id: 'both', status: 'failed' }))).toBe(path.join(both, 'stderr.log'));
  expect(fileOf(addressOf('r', { id: 'quiet', status: 'failed' }))).toBe(path.join(quiet, 'stdout.log'));
});

test('the address names this machine, and is made of printable ASCII whatever the path is', () => {
  attempt('r', 'a b%c[1]', 1, { 'stdout.log': 'out' });
  const log_dir = path.join(state, 'runs', 'r', 'steps', encodeURIComponent('a b%c[1]'), '1');
  const address = addressOf('r', { id: 'a b%c[1]', status: 'success', log_dir });
  expect(address).toMatch(/^file:\/\/box\/[!-~]*%20links%20%C3%BC-[!-~]*\/a%2520b%2525c%255B1%255D\/1\/stdout\.log$/);
});

test('an HTTP call leads to the answer, and a list that runs to an instance that has said something', () => {
  const call = attempt('r', 'call', 1, { body: '{}' });
  const item = attempt('r', 'each[1]', 2, { 'stdout.log': 'out' });
  expect(fileOf(addressOf('r', { id: 'call', status: 'success' }))).toBe(path.join(call, 'body'));
  const each = { id: 'each', status: 'running' } as const;
  expect(fileOf(addressOf('r', each, ['each[0]', 'each[1]']))).toBe(path.join(item, 'stdout.log'));
  expect(addressOf('r', each)).toBeUndefined();
});

test('there is no link to what says nothing, is not here, or is not a log of this machine', () => {
  attempt('r', 'silent', 1, { 'stdout.log': '', 'stderr.log': '' });
  const outside = path.join(state, 'elsewhere');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'stdout.log'), 'x');
  expect(addressOf('r', { id: 'silent', status: 'success' })).toBeUndefined();
  expect(addressOf('r', { id: 'nothing', status: 'success' })).toBeUndefined();
  for (const log_dir of [outside, path.join(state, 'runs', '..', 'elsewhere'), '/gone/runs/r/steps/x/1', 'relative'])
    expect(addressOf('r', { id: 'x', status: 'success', log_dir })).toBeUndefined();
});

test('a view that asks five times a second has the files looked at once', () => {
  let now = 0;
  const asks = logAddresses(state, 'box', () => now);
  expect(asks('r', { id: 'late', status: 'running' })).toBeUndefined();
  attempt('r', 'late', 1, { 'stdout.log': 'out' });
  now = 999;
  expect(asks('r', { id: 'late', status: 'running' })).toBeUndefined();
  now = 1000;
  expect(asks('r', { id: 'late', status: 'running' })).toMatch(/late\/1\/stdout\.log$/);
});
