import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkPlan } from '../../../src/plan/index.js';

/** Every kind of step, and every part that has defaults of its own; nothing that may be left out is there. */
const BARE = {
  plan_id: 'bare',
  version: '1.0',
  inputs: { name: {} },
  globals: { breaker: {}, agents: { codex: {} }, budget: {} },
  steps: [
    { id: 'command', command: 'true' },
    { id: 'written-command', step_def: { type: 'command', command: 'true' } },
    { id: 'shell', step_def: { type: 'shell', script: 'true' } },
    { id: 'powershell', step_def: { type: 'powershell', script: 'exit 0' } },
    { id: 'http', step_def: { type: 'http', url: 'https://example.com/' } },
    { id: 'approval', step_def: { type: 'approval' } },
    { id: 'wait', step_def: { type: 'wait', seconds: 1 } },
    { id: 'plan', step_def: { type: 'plan', plan: 'other.yaml' } },
    { id: 'noop', step_def: { type: 'noop' } },
    { id: 'agent', step_def: { type: 'agent', agent: 'codex', prompt: 'Do it' } },
    { id: 'reviewed', step_def: { type: 'agent', agent: 'codex', prompt: 'Do it', review: {} } },
    { id: 'retried', command: 'true', retry: {} },
  ],
  finally: [{ id: 'last', command: 'true' }],
};

const GOLDEN = new URL('defaults.json', import.meta.url);

const WHAT_TO_DO = `A default has changed, or what a plan is turned into.
Open runs of engine versions 1 and 2 take their defaults from this code at each replay: with another one they would do
something else than they began with, or stand still. So keep the old default for them: give normalise() the engine version
of the run, raise ENGINE_VERSION (src/contract/run-input.ts), write down why in src/workflows/program/versions.ts and CHANGELOG.md.
Runs of version 3 and later have their defaults in their history, and no code may fill in another one where they are read.
A key that is new, and that old plans do not have, may be added to test/plan/normalise/defaults.json if code that meets a
plan without it (one from the history of an open run) does what it did before.`;

test('the defaults of plans are those that open runs began with', () => {
  const checked = checkPlan(BARE);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error, null, 2));
  const now: unknown = JSON.parse(JSON.stringify(checked.value.plan));
  expect(now, WHAT_TO_DO).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
});
