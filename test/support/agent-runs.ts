import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { callCli, type CliResult } from './cli.js';
import { eventually } from './eventually.js';
import { fakeAgents, type AgentStart } from './fake-agents.js';
import type { OwnService, RunJson } from './own-service.js';
import { uniqueId, writePlan } from './plans.js';

export type Json = Record<string, unknown>;

/** A run of agent steps, with fake agents on its PATH and a folder of its own. */
export interface AgentRun {
  id: string;
  files: string;
  starts: () => AgentStart[];
  orch: (...args: string[]) => Promise<CliResult>;
}

/** Starts a plan of agent steps. */
export async function startAgents(
  own: OwnService,
  prefix: string,
  steps: Json[],
  { env = {}, ...more }: Json & { env?: Record<string, string> } = {},
): Promise<AgentRun> {
  const id = uniqueId(prefix);
  const files = path.join(own.dir, id);
  mkdirSync(files, { recursive: true });
  const fakes = fakeAgents(files);
  const { globals, ...rest } = more as { globals?: Json & { env?: Json } };
  const plan = {
    globals: { cwd: files, ...globals, env: { FAKE_LOG: fakes.log, ...globals?.env } },
    steps,
    ...rest,
  };
  const orch = (...args: string[]): Promise<CliResult> =>
    callCli(args, { cwd: files, env: { ORCH_STATE_DIR: own.state, PATH: fakes.PATH, ...env } });
  const { code, stderr } = await orch('start', writePlan(files, plan), '--id', id);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  own.runs.push(id);
  return { id, files, starts: fakes.starts, orch };
}

/** A step of the agent `codex`. */
export function agentStep(id: string, prompt: string, more: Json = {}, outer: Json = {}): Json {
  return { id, step_def: { type: 'agent', agent: 'codex', prompt, ...more }, ...outer };
}

/** How a run and its steps ended, in short. */
export function shortly({ status, steps }: RunJson): unknown[] {
  return [status, ...steps.map((step) => [step.status, step.reason])];
}

/** What is known of a step, with what its agents said and cost. */
export function stepOf(run: RunJson, index = 0): RunJson['steps'][number] & { agent?: Json; message?: string } {
  return run.steps[index] as never;
}

/** Waits until a step of the run waits for something. */
export function waiting(run: AgentRun, why = 'answer'): Promise<true> {
  return eventually('it waits', async () =>
    (await run.orch('status', run.id, '--json')).stdout.includes(`"waits_for": "${why}"`),
  );
}
