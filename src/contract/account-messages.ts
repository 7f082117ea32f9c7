/** Workflow type of an account of an agent. A literal that open accounts depend on. */
export const AGENT_ACCOUNT = 'agentAccount';
/** Signal: its quota is used up. */
export const ACCOUNT_PARK = 'park';
/** Signal: a step waits with those that do. */
export const ACCOUNT_JOIN = 'join';
/** Query: what it is now. */
export const ACCOUNT_VIEW = 'view';

/** What the workflow ids of accounts begin with. */
export const ACCOUNT_PREFIX = 'orch-account:';

/** Workflow id of an account, by its name. */
export function accountId(name: string): string {
  return `${ACCOUNT_PREFIX}${name}`;
}

/** An account met its limit. Times are milliseconds since the epoch. */
export interface QuotaHit {
  /** Tells hits apart: the same one may be told twice. */
  key: string;
  /** When the quota is there again; absent where the agent did not say. */
  reset_at?: number;
  at: number;
}

/** Between the starts of two steps that have waited, and the most that all starts are spread over. */
const STAGGER_MS = 1_000;
const SPREAD_MS = 60_000;

/** When a step may start that waits for an account: one after the other, or they would meet the limit together again. */
export function startOf({ parked_until, waiting }: AccountState, key: string): number {
  const stagger = Math.min(STAGGER_MS, SPREAD_MS / Math.max(1, waiting.length));
  const place = waiting.indexOf(key);
  return Math.ceil(parked_until + Math.max(0, place) * stagger);
}

/** An account whose agents wait. */
export interface AccountState {
  /** Nobody starts before. */
  parked_until: number;
  /** Hits without a time of their own, in a row: each doubles the wait. */
  hits: number;
  /** How long the last wait is; absent before the first one. */
  last_wait?: number;
  /** Who waits, in order of their asking; each starts a little after the one before. */
  waiting: string[];
}
