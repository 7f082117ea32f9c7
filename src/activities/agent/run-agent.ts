import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitError, type TurnRequest } from '../../agents/index.js';
import { stepAttemptDir } from '../../records/paths.js';
import type { Execution, RunStepDeps } from '../step/execution.js';
import { NotReadyError } from '../command/not-ready.js';
import { runCommand, type ProcessJob } from '../command/run-command.js';
import type { StepSuccess } from '../../contract/step-task.js';
import { AgentJob } from './agent-job.js';
import { settleTurn } from './turn-folder.js';
import { promptOf } from './turn-prompt.js';
import type { AgentTurn } from '../../contract/agent-turn.js';
import { defined } from '../../basics/defined.js';

const PROMPT = 'prompt.md';

/** Runs one turn of a coding agent to its end, or goes on with one that a worker before this one has started. */
export function runAgent(deps: RunStepDeps, execution: Execution, turn: AgentTurn): Promise<StepSuccess> {
  return runCommand(deps, execution, () => prepareTurn(deps, execution, turn));
}

async function prepareTurn(deps: RunStepDeps, execution: Execution, turn: AgentTurn): Promise<ProcessJob> {
  const { task, attempt } = execution;
  const dir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const cwd = path.resolve(...task.cwd);
  const where = { dir, cwd, stateDir: deps.stateDir, runId: task.run_id };
  const settled = await settleTurn(turn, where).catch((error: unknown) => {
    throw error instanceof GitError ? new NotReadyError('worktree', error) : error;
  });
  const promptFile = path.join(dir, PROMPT);
  if (!existsSync(promptFile)) writeFileSync(promptFile, await promptOf(turn, settled.cwd), { mode: 0o600 });
  const request: TurnRequest = {
    settings: turn.settings,
    ...modelOf(turn),
    ...defined({ tier: turn.tier }),
    prompt: readFileSync(promptFile, 'utf8'),
    promptFile,
    dir,
    cwd: settled.cwd,
    permissions: permissionsOf(turn),
    ...defined({ session: turn.session }),
    newSession: settled.new_session,
    ...defined({ outputSchema: turn.output_schema }),
  };
  return new AgentJob(deps, turn, settled, request);
}

function modelOf({ model, tier, settings }: AgentTurn): { model?: string } {
  const known = model ?? (tier === undefined ? undefined : settings.tiers?.[tier]) ?? settings.model;
  return defined({ model: known });
}

/** A step that may only read has an agent that may only read, and so has every review. */
function permissionsOf({ sandbox, settings }: AgentTurn): TurnRequest['permissions'] {
  return sandbox === 'read-only' ? 'read' : (settings.permissions ?? 'edit');
}
