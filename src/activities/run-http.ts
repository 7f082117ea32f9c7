import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { Json } from '../plan/types.js';
import { stepAttemptDir } from '../records/paths.js';
import { callHttp, type HttpOutcome, type HttpResponse } from './http/index.js';
import { limitOf, withHeartbeat } from './limits.js';
import type { Execution, RunStepDeps } from './run-step.js';
import { failStep, stopped } from './step-failure.js';
import type { StepFacts, StepSuccess } from './types.js';

/** Characters of the answer that a result carries. */
const TAIL_CHARS = 1024;

/** Makes an HTTP call; its answer becomes outputs. */
export async function runHttp(deps: RunStepDeps, execution: Execution): Promise<StepSuccess> {
  const { task, attempt, startedAt } = execution;
  if (task.action.type !== 'http') throw new Error('Internal error: this step is no call');
  const { expect_status, ...request } = task.action;
  const logDir = stepAttemptDir(deps.stateDir, task.run_id, task.step_id, attempt);
  const bodyFile = path.join(logDir, 'body');
  const limit = limitOf(execution);
  let outcome: HttpOutcome;
  try {
    mkdirSync(logDir, { recursive: true, mode: 0o700 });
    outcome = await withHeartbeat(
      execution,
      () => ({}),
      () =>
        callHttp(
          { ...request, ...(expect_status.length === 0 ? {} : { expect_status }) },
          {
            signal: Context.current().cancellationSignal,
            bodyFile,
            ...(limit === undefined ? {} : { timeoutMs: limit.ms }),
          },
        ),
    );
  } catch (error) {
    const facts = { started_at: startedAt, log_dir: logDir };
    return failStep(execution, { reason: 'spawn_failed', message: String(error), facts });
  }
  return conclude(execution, outcome, logDir, bodyFile);
}

function conclude(execution: Execution, outcome: HttpOutcome, logDir: string, bodyFile: string): StepSuccess {
  const { task, failures, startedAt } = execution;
  const response = outcome.ok ? outcome : outcome.response;
  const facts: StepFacts = {
    attempts: failures + 1,
    started_at: startedAt,
    duration_sec: outcome.duration_ms / 1000,
    stdout_tail: response?.body_text.slice(0, TAIL_CHARS) ?? '',
    stderr_tail: '',
    log_dir: logDir,
    ...(response === undefined ? {} : { outputs: outputsOf(response, bodyFile, task.outputs) }),
  };
  if (outcome.ok) return { status: 'success', ...facts };
  if (outcome.reason === 'canceled') throw stopped(facts);
  const { reason, message, hint, retryable, retryAfterSec } = outcome;
  return failStep(execution, {
    reason,
    message: hint === undefined ? message : `${message} (${hint})`,
    facts,
    retryable,
    ...(retryAfterSec === undefined ? {} : { retryAfterSec }),
  });
}

/** `status`, `headers`, `body` (its value where it is JSON, else its text) and `body_file`, as far as they are read. */
function outputsOf(response: HttpResponse, bodyFile: string, wanted: readonly string[]): Record<string, Json> {
  const all: Record<string, Json> = {
    status: response.status,
    headers: response.headers,
    body: response.json ?? response.body_text,
    body_file: bodyFile,
    stdout: response.body_text,
  };
  return Object.fromEntries(wanted.filter((name) => name in all).map((name) => [name, all[name]!]));
}
