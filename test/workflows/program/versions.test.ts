import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENGINE_VERSION, OLDEST_ENGINE_VERSION } from '../../../src/contract/run-input.js';
import { LOOP_VERSION, OLDEST_LOOP_VERSION } from '../../../src/contract/loop-messages.js';
import { ENGINE_VERSIONS, LOOP_VERSIONS, PATCHES, whyNotRun } from '../../../src/workflows/program/versions.js';
import { REPO } from '../../support/cli.js';

const ROOT = path.join(REPO, 'src', 'workflows');
/** The workflow code, by file. Comments do not decide. */
const sources = new Map(
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== path.join('program', 'versions.ts'))
    .map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')]),
);
const WRITE_IT_DOWN = 'keep src/workflows/program/versions.ts as the code is: each change with its reason and its day';

/** The files that compare a run's engine version with a number, by the version from which on they decide otherwise. */
function comparisons(): Record<number, string[]> {
  const found: Record<number, string[]> = {};
  for (const [file, text] of sources) {
    for (const [, operator, digits] of text.matchAll(/\b(?:engine_)?version\s*(>=|>|===|<=|<)\s*(\d+)/g)) {
      const number = Number(digits) + (operator === '>' || operator === '<=' ? 1 : 0);
      const files = (found[number] ??= []);
      if (!files.includes(file)) files.push(file);
    }
  }
  for (const files of Object.values(found)) files.sort();
  return found;
}

describe('the tables of what open runs are promised', () => {
  test('name every id that the code asks `patched` about, and no other', () => {
    const asked = [...sources.values()].flatMap((text) => [...text.matchAll(/\bpatched\(([^)]*)\)/g)]);
    const ids = asked.map(([, given]) => /^'([^']+)'$/.exec(given!)?.[1] ?? `${given} is no literal`);
    expect([...new Set(ids)].sort(), WRITE_IT_DOWN).toEqual(Object.keys(PATCHES).sort());
  });

  test('name every version, and every file that tells one from the one before', () => {
    const all = Array.from({ length: ENGINE_VERSION - OLDEST_ENGINE_VERSION + 1 }, (_, i) => OLDEST_ENGINE_VERSION + i);
    expect(Object.keys(ENGINE_VERSIONS).map(Number), WRITE_IT_DOWN).toEqual(all);
    const table = Object.entries(ENGINE_VERSIONS).map(([number, { files }]) => [number, [...files].sort()]);
    expect(Object.fromEntries(table), WRITE_IT_DOWN).toEqual(comparisons());
  });

  test('name every version of loops', () => {
    const all = Array.from({ length: LOOP_VERSION - OLDEST_LOOP_VERSION + 1 }, (_, i) => OLDEST_LOOP_VERSION + i);
    expect(Object.keys(LOOP_VERSIONS).map(Number), WRITE_IT_DOWN).toEqual(all);
  });

  test('say of each change why it came, and when', () => {
    for (const { since, reason } of [
      ...Object.values(ENGINE_VERSIONS),
      ...Object.values(LOOP_VERSIONS),
      ...Object.values(PATCHES),
    ]) {
      expect(since).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(reason).toMatch(/^\S.{20,}$/);
    }
  });
});

describe('a run of another version', () => {
  const range = { oldest: 2, newest: 4 };

  test.each([2, 3, 4])('is run where it is between the oldest and the newest: %i', (version) => {
    expect(whyNotRun(version, range)).toBeUndefined();
  });

  test('waits for an upgrade where it is newer', () => {
    expect(whyNotRun(5, range)).toBe(
      'This run was started by a newer orch (engine version 5; this worker runs 2 to 4). Upgrade the worker: the run waits until then.',
    );
  });

  test('waits for a worker of the older orch where it is older', () => {
    expect(whyNotRun(1, range)).toBe(
      'This run was started by an older orch (engine version 1; this worker runs 2 to 4). Start a worker of that older orch: the run waits until then.',
    );
  });
});
