import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { Json } from '../../plan/model/values.js';
import { stepAttemptDir } from '../../records/paths.js';
import type { Execution, RunStepDeps, StepFailure } from '../step/execution.js';
import { withHeartbeat } from '../step/heartbeat.js';
import { callHttp, type HttpOutcome, type HttpResponse } from './index.js';
import { redactFile, SecretError } from '../../secrets/index.js';
import { limitOf } from '../step/limits.js';
import { failStep, stopped } from '../step/step-failure.js';
import { isSystemError, noteUnexpected } from '../step/unexpected.js';
import { openTask, type OpenedTask } from '../step/task-secrets.js';
import type { StepFacts, StepSuccess } from '../../contract/step-task.js';
import { defined } from '../../basics/defined.js';

/** Characters of the answer that a result carries. */
const TAIL_CHARS = 1024;

/** Makes an HTTP call; its answer becomes outputs. */
export async function runHttp(deps: RunStepDeps, execution: Execution): Promise<StepSuccess> {
  const { attempt, startedAt } = execution;
  const logDir = stepAttemptDir(deps.stateDir, execution.task.run_id, execution.task.step_id, attempt);
  const bodyFile = path.join(logDir, 'body');
  const limit = limitOf(execution);
  let opened: OpenedTask | undefined;
  let outcome: HttpOutcome;
  try {
    opened = await openTask(execution.task, {
      env: deps.env,
      cwd: path.resolve(execution.task.cwd[0] ?? '.'),
      signal: Context.current().cancellationSignal,
    });
    const { redactor } = opened;
    const { action } = opened.task;
    if (action.type !== 'http') throw new Error('Internal error: this step is not an HTTP call');
    const { expect_status, ...request } = action;
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
            holdsSecret: (text) => redactor.text(text) !== text,
            ...defined({ timeoutMs: limit?.ms }),
          },
        ),
    );
    if (execution.task.secrets !== undefined) await redactFile(bodyFile, opened.dataRedactor);
  } catch (error) {
    const facts = { started_at: startedAt, log_dir: logDir };
    return failStep(execution, { ...notMade(error, opened), facts });
  }
  return conclude(execution, outcome, { logDir, bodyFile, ...opened });
}

/** A call that broke off here, and not at the other end. It may have been sent, so it is not made again unasked. */
function notMade(error: unknown, opened: OpenedTask | undefined): StepFailure {
  const message = opened === undefined ? String(error) : opened.redactor.text(String(error));
  if (error instanceof SecretError) return { reason: 'secret_unavailable', message };
  if (isSystemError(error)) return { reason: 'spawn_failed', message, retryable: opened === undefined };
  noteUnexpected(error);
  return { reason: 'internal_error', message, retryable: false };
}

function conclude(
  execution: Execution,
  outcome: HttpOutcome,
  { logDir, bodyFile, redactor, dataRedactor }: OpenedTask & { logDir: string; bodyFile: string },
): StepSuccess {
  const { task, startedAt } = execution;
  const response = outcome.ok ? outcome : outcome.response;
  const facts: StepFacts = {
    attempts: execution.attempt,
    started_at: startedAt,
    duration_sec: outcome.duration_ms / 1000,
    stdout_tail: redactor.text(response?.body_text ?? '').slice(0, TAIL_CHARS),
    stderr_tail: '',
    log_dir: logDir,
    ...(response === undefined ? {} : { outputs: dataRedactor.json(outputsOf(response, bodyFile, task.outputs)) }),
  };
  if (outcome.ok) return { status: 'success', ...facts };
  if (outcome.reason === 'canceled') throw stopped(execution, facts);
  const { reason, message, hint, retryable, retryAfterSec } = outcome;
  return failStep(execution, {
    reason,
    message: redactor.text(hint === undefined ? message : `${message} (${hint})`),
    facts,
    retryable,
    ...defined({ retryAfterSec }),
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
