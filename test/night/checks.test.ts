import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../support/plans.js';

// The night finds nothing wrong only where there is nothing: here orch tells it what is not so.
const { checkNight } = (await import('./checks.mjs')) as {
  checkNight: (about: object) => void;
};
const { writeNight } = (await import('./script.mjs')) as { writeNight: (about: object) => Turn[] };

interface Turn {
  id: string;
  iteration: number;
  role: string;
  prompt: string;
  agent: string;
  way: string;
  starts: number;
  fresh?: true;
  router?: { records: unknown[]; starts: number };
}
interface Told {
  seq: number;
  status: string;
  words: string;
  [key: string]: unknown;
}

/** What the checks find where each turn went well, and orch tells it so but for what `spoil` changes. */
function found(
  spoil: (told: Told[], starts: { step: string; agent: string; prompt: string }[], state: object) => void,
): string[] {
  const night = writeNight({ turns: 6, random: () => 0.9, marks: '/marks', calm: 1.1 });
  const told = night.map(({ id, iteration, role, prompt, agent }, at) => {
    return { seq: at + 1, iteration, role, prompt, agent, status: 'success', words: `done ${id}` };
  });
  const starts = night.flatMap(({ id, agent, router }) => [
    ...(router === undefined ? [] : [{ step: `${id}.router`, agent: 'opencode', prompt: '' }]),
    { step: id, agent, prompt: '' },
  ]);
  const state = { status: 'complete', iteration: 4 };
  spoil(told, starts, state);
  const dir = tempDir();
  mkdirSync(path.join(dir, 'sync'));
  writeFileSync(path.join(dir, 'sync', 'state.json'), JSON.stringify(state));
  const wrong: [string, string][] = [];
  const seen = { records: new Map(told.map((each) => [each.seq, each])), wrong };
  checkNight({ rig: { processes: () => [] }, night, seen, dir, starts, loop: 'night' });
  return wrong.map(([check]) => check);
}

test('a night that was told as it was has nothing wrong', () => expect(found(() => {})).toEqual([]));

test('a success that was none, an end that is missing, and one that is too many are found', () => {
  expect(found((told) => (told[2]!.status = 'warning'))).toEqual(['ends']);
  expect(found((told) => (told[2]!.words = 'something else'))).toEqual(['ends']);
  expect(found((told) => told.pop())).toEqual(['ends']);
  expect(found((told) => told.push({ ...told[5]!, seq: 7 }))).toEqual(['ends']);
});

test('an agent that was started twice, or never, is found', () => {
  expect(found((_, starts) => starts.push(starts[1]!))).toEqual(['starts']);
  expect(found((_, starts) => starts.pop())).toEqual(['starts']);
});

test('a state file that does not say where the loop stands is found', () => {
  expect(found((_, __, state) => Object.assign(state, { iteration: 3 }))).toEqual(['state']);
});
