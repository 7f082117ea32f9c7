import type { ExpandedNotifier } from '../plan/templates/expand-notifier.js';
import type { Notifier, NotifyEvent } from '../plan/model/notify.js';
import type { SecretSource } from '../plan/model/secret-source.js';
import type { SecretUse } from '../plan/templates/secret-uses.js';
import type { RunStatus } from './statuses.js';

/** Version of the form of a message. Fields are added, never changed or taken away. */
export const NOTIFICATION_VERSION = 1;

/** What a command finds on its stdin, and a webhook in the body. */
export interface Notification {
  v: typeof NOTIFICATION_VERSION;
  /** The same for every attempt at telling the same receiver of the same event. */
  id: string;
  event: NotifyEvent;
  /** When it happened, RFC 3339. */
  time: string;
  /** What happened, in one line for people. */
  text: string;
  run_id: string;
  plan_id: string;
  status: RunStatus;
  started_at: string;
  finished_at: string | null;
  /** Failures that did not fail the run, plus steps that ended as `warning`. */
  warnings: number;
  parent_run_id: string | null;
  started_by: string | null;
  project: string | null;
  tags: readonly string[];
  /** The step that waits for a person. */
  step: WaitingStep | null;
  /** Steps that failed, the first ones of many; those that wait for a decision where the run is quarantined. */
  failed: readonly FailedStep[];
  /** Command lines that answer, where a person is asked for something. */
  answers: readonly string[];
}

/** A step that waits for a person. */
export interface WaitingStep {
  id: string;
  name: string;
  waits_for: 'approval' | 'answer';
  question: string | null;
  /** Who may decide; empty for anybody. */
  approvers: readonly string[];
}

/** A step that failed. */
export interface FailedStep {
  id: string;
  reason: string | null;
  message: string | null;
}

/** Where the notifier of a person's own stands: the worker reads it there at the last moment, so history does not have it. */
export interface UserNotifier {
  /** The configuration file, absolute. */
  file: string;
  /** Its place in the list. */
  place: number;
}

/** What a run is started with of a person's own configuration. */
export interface UserNotify {
  /** The configuration file, absolute. */
  file: string;
  /** For each of its notifiers which events it is for, and what it is called. */
  notifiers: readonly (Pick<Notifier, 'on'> & { name: string })[];
}

/** A message and its one receiver. */
export interface NotifyTask {
  message: Notification;
  /** Who is told, in words that show nothing of a URL but where it leads. */
  to: string;
  /** A folder that relative ones count from, and parts of the folder to run in. */
  cwd: readonly string[];
  /** The service's id of the first execution of the run. */
  first_run_id: string;
  /** Attempts that an earlier history of the run has seen. */
  action?: ExpandedNotifier['action'];
  /** Of a plan's notifier. */
  secrets?: { sources: Readonly<Record<string, SecretSource>>; uses: readonly SecretUse[] };
  /** Of a person's own. */
  user?: UserNotifier;
}

/** Type of the failure of an attempt that is followed by another one; its detail is the report so far. */
export const NOT_DELIVERED = 'NotDelivered';

/** Why nobody was told, besides the reasons that steps have. docs/errors.md has an entry for each. */
export const NOTIFY_REASONS = ['config_invalid', 'too_many'] as const;

/** How the telling ended. */
export type NotifyReport =
  | { ok: true; attempts: number }
  | { ok: false; attempts: number; reason: string; message: string };

/** A notification that could not be delivered. */
export interface FailedNotification {
  event: NotifyEvent;
  to: string;
  reason: string;
  message: string;
  /** The step that it was about. */
  step?: string;
}

/** A notification that is under way, as it goes along to a new history. */
export interface OpenNotification {
  /** Place of the receiver: the plan's notifiers, then those of the user. */
  notifier: number;
  /** All but who is told. */
  message: Notification;
  /** When it was first asked for, milliseconds since the epoch. */
  since: number;
}

/** What a run knows of its notifications where it goes on in a new history. */
export interface CarriedNotify {
  /** Events that somebody was told of, so far. */
  count: number;
  open: readonly OpenNotification[];
  /** The last ones. */
  failed: readonly FailedNotification[];
}

/** Who could not be told that a step waits, in words for people. */
export function unheardOf(failed: readonly FailedNotification[] = [], id: string): string[] {
  return failed.flatMap(({ step, to, message, reason }) =>
    step === id ? [`The ${to} could not be told that it waited: ${message} (${reason}).`] : [],
  );
}
