import path from 'node:path';
import { Context } from '@temporalio/activity';
import type { Notification, NotifyTask } from '../../contract/notify.js';
import type { Notifier } from '../../plan/model/notify.js';
import { readEnd, runDurable, SpawnError, type DurableEnd } from '../../process/index.js';
import { withoutCallVariables } from '../../host/lasting-variables.js';
import { attemptsDir } from '../../records/paths.js';
import { tryName, type TryOwner } from '../step/try-folder.js';
import { isSystemError } from '../step/unexpected.js';
import { factVariables } from './facts.js';
import type { Attempt } from './webhook.js';

/** Milliseconds that a command may take. */
const COMMAND_MS = 60_000;
const GRACE_MS = 5_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** Bytes of its last words. */
const TAIL_BYTES = 500;

/** What a command needs of the worker that runs it. */
export interface CommandPlace {
  stateDir: string;
  env: Readonly<Record<string, string | undefined>>;
  service: string;
}

/**
 * Runs a command that tells somebody, once: it lives on when its worker dies, and the next one hears how it ended. It is
 * not started again, whatever came of it, for it may have told of it.
 */
export async function runNotifier(
  { command = [], env }: Pick<Notifier, 'command' | 'env'>,
  message: Notification,
  { cwd, first_run_id }: Pick<NotifyTask, 'cwd' | 'first_run_id'>,
  place: CommandPlace,
): Promise<Attempt> {
  const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const stepId = `n:${message.id}`;
  const owner: TryOwner = {
    service: place.service,
    run_id: message.run_id,
    temporal_run_id: first_run_id,
    step_id: stepId,
    run_once: 'true',
  };
  try {
    const end = await runDurable(
      {
        file: file!,
        args,
        cwd: path.resolve(...cwd),
        env: environment(place.env, env, message),
        stdin: `${JSON.stringify(message)}\n`,
        tryDir: path.join(attemptsDir(place.stateDir), tryName(first_run_id, stepId, 1)),
        owner,
        timeoutMs: COMMAND_MS,
        graceMs: GRACE_MS,
        maxOutputBytes: MAX_OUTPUT_BYTES,
        runOnce: true,
      },
      letGo(),
    );
    return attemptOf(end);
  } catch (error) {
    if (!(error instanceof SpawnError) && !isSystemError(error)) throw error;
    return { ok: false, reason: 'spawn_failed', message: (error as Error).message, retryable: false };
  }
}

/** A worker that goes leaves it running; only who gives the notification up ends it. */
function letGo(): { cancel: AbortSignal; detach: AbortSignal } {
  const context = Context.current();
  const cancel = new AbortController();
  const detach = new AbortController();
  const onAbort = (): void => (context.cancellationDetails?.cancelRequested ? cancel : detach).abort();
  context.cancellationSignal.addEventListener('abort', onAbort);
  if (context.cancellationSignal.aborted) onAbort();
  return { cancel: cancel.signal, detach: detach.signal };
}

function environment(
  worker: CommandPlace['env'],
  own: Readonly<Record<string, string>>,
  message: Notification,
): Record<string, string> {
  const all = Object.entries({ ...withoutCallVariables(worker), ...own, ...factVariables(message) });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function attemptOf(end: DurableEnd): Attempt {
  switch (end.kind) {
    case 'exited': {
      if (end.stopped === 'timeout')
        return failed('timeout', `it took longer than ${COMMAND_MS / 1000} s and was stopped`);
      if (end.stopped !== undefined) return failed('lost', `it was stopped (${end.stopped})`);
      if (end.signal !== undefined) return failed('signaled', `it was ended by ${end.signal}`);
      if (end.exitCode === 0) return { ok: true };
      const said = readEnd(end.stderrFile, TAIL_BYTES).tail.trim().split('\n').at(-1) ?? '';
      return failed('exit_non_zero', `it exited with code ${end.exitCode}${said === '' ? '' : `: ${said}`}`);
    }
    case 'lost':
      return failed('lost', 'it was killed, or its host went down, so nobody knows whether it told');
    case 'closed':
      return failed('lost', 'it was stopped before it began');
    case 'detached':
      return { ok: false, reason: 'detached', message: 'the worker stopped; the next one waits on', retryable: true };
    default:
      return end satisfies never;
  }
}

function failed(reason: string, message: string): Attempt {
  return { ok: false, reason, message, retryable: false };
}
