import type { SecretSource } from './secret-source.js';

/** What of a run somebody may want to be told of. */
export const NOTIFY_EVENTS = ['failed', 'succeeded', 'canceled', 'waiting', 'quarantined'] as const;

/** An event that somebody is told of. */
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** A receiver of signed messages. */
export interface Webhook {
  /** With its templates; may hold secrets. */
  url: string;
  /** The key of the signature; without it messages are not signed. */
  secret?: string;
}

/** Who is told of what; exactly one of command and webhook. */
export interface Notifier {
  on: readonly NotifyEvent[];
  /** A program with its arguments, or one line for the shell. */
  command?: string | readonly string[];
  /** Of the command. */
  env: Readonly<Record<string, string>>;
  webhook?: Webhook;
}

/** All that a plan, or a person's configuration, says about notifications. */
export interface NotifySettings {
  notifiers: readonly Notifier[];
  /** Secrets that they may use, by name. */
  secrets: Readonly<Record<string, SecretSource>>;
}
