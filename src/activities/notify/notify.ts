import { existsSync } from 'node:fs';
import path from 'node:path';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { withoutStack } from '../../basics/without-stack.js';
import { NOT_DELIVERED, type NotifyReport, type NotifyTask } from '../../contract/notify.js';
import { createFileOnce } from '../../host/atomic-file.js';
import { makePrivateDir, runDir } from '../../records/paths.js';
import { createRedactor, SecretError } from '../../secrets/index.js';
import { beating } from '../step/heartbeat.js';
import { openTask } from '../step/task-secrets.js';
import { runNotifier, type CommandPlace } from './command.js';
import { ConfigError, ownTask, type ToldTask } from './own-task.js';
import { postMessage, type Attempt } from './webhook.js';

/** Attempts at one message; those that a worker's death has ended count. */
const MOST_ATTEMPTS = 12;
/** Seconds that a receiver may ask to wait. */
const MOST_WAIT_SEC = 60;
/** Milliseconds until another worker takes over from one that stops. */
const TAKE_OVER_MS = 250;
/** Characters of what is said of a failure. */
const SAID_CHARS = 500;

/** Makes the activity that tells one receiver of one event. */
export function createNotify(deps: CommandPlace): (task: NotifyTask) => Promise<NotifyReport> {
  // A run that goes on in a new history asks again, maybe while the answer to the first attempt is on its way.
  const underWay = new Map<string, Promise<Attempt>>();
  return async (task) => {
    const { id } = task.message;
    const before = underWay.get(id);
    const attempt = before ?? deliver(deps, task).finally(() => underWay.delete(id));
    if (before === undefined) underWay.set(id, attempt);
    return conclude(await beating(() => attempt));
  };
}

function conclude({ ok, reason = 'internal_error', message = '', retryable, retryAfterSec }: Attempt): NotifyReport {
  const { info, cancellationDetails } = Context.current();
  const attempts = info.attempt;
  if (ok) return { ok, attempts };
  if (cancellationDetails?.cancelRequested) throw new CancelledFailure('It was given up');
  const report: NotifyReport = { ok: false, attempts, reason, message };
  if (retryable !== true || attempts >= MOST_ATTEMPTS) return report;
  const waitMs = reason === 'detached' ? TAKE_OVER_MS : Math.min(retryAfterSec ?? 0, MOST_WAIT_SEC) * 1000;
  // what a receiver answers is no fault of this code
  throw withoutStack(
    ApplicationFailure.create({
      type: NOT_DELIVERED,
      message,
      details: [report],
      ...(waitMs > 0 && { nextRetryDelay: waitMs }),
    }),
  );
}

async function deliver(deps: CommandPlace, given: NotifyTask): Promise<Attempt> {
  const { cancellationSignal: signal } = Context.current();
  const accepted = acceptedFile(deps.stateDir, given);
  if (existsSync(accepted)) return { ok: true };
  let hide = nothing;
  try {
    const own = given.user === undefined ? (given as ToldTask) : await ownTask(given, given.user);
    const opened = await openTask(own, { env: deps.env, cwd: path.resolve(own.cwd[0] ?? '.'), signal });
    const { action, cwd, first_run_id, to } = opened.task;
    const { webhook } = action;
    const known = createRedactor(webhook === undefined ? [] : [webhook.url, webhook.secret ?? '']);
    hide = (text) => known.text(opened.redactor.text(text));
    const message = { ...opened.redactor.json(given.message), id: given.message.id };
    const attempt =
      webhook === undefined
        ? await runNotifier(action, message, { cwd, first_run_id }, deps)
        : await postMessage(webhook, message, { place: to, signal });
    if (attempt.ok) note(accepted);
    return clean(signal.aborted && !attempt.ok ? stopped(attempt) : attempt, hide);
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return clean({ ok: false, reason, message: (error as Error).message, retryable: false }, hide);
  }
}

/** Before the secrets are known there is nothing to hide: no word is made of them. */
function nothing(text: string): string {
  return text;
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof SecretError) return 'secret_unavailable';
  return error instanceof ConfigError ? 'config_invalid' : undefined;
}

/** The worker goes, and the next one tries again. */
function stopped(attempt: Attempt): Attempt {
  return attempt.reason === 'canceled' ? { ...attempt, reason: 'detached', retryable: true } : attempt;
}

function clean(attempt: Attempt, hide: (text: string) => string): Attempt {
  return attempt.message === undefined ? attempt : { ...attempt, message: hide(attempt.message).slice(0, SAID_CHARS) };
}

/** Written once a message was accepted, for an attempt that comes after a lost report. */
function acceptedFile(stateDir: string, { message: { run_id, id } }: NotifyTask): string {
  return path.join(runDir(stateDir, run_id), 'notified', id.replaceAll(/[^\w-]/g, '_'));
}

function note(file: string): void {
  try {
    makePrivateDir(path.dirname(file));
    createFileOnce(file, '');
  } catch {
    // A full disk: then the same message may come twice, with the same key.
  }
}
