import { KEY_HEADER, SESSION_PATH, type ErrorAnswer, type SessionAnswer } from './api.js';

const KEY = 'orch-key';

/** Why the server did not do what it was asked. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  constructor(
    readonly status: number,
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Trades the token in the page's address for a session, and takes it out of the address and of what goes back to it. */
export async function enter(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  try {
    const { key } = await call<SessionAnswer>(SESSION_PATH, { token });
    localStorage.setItem(KEY, key);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    localStorage.removeItem(KEY); // what the page asks next is refused, and it says so
  }
}

/** Asks the server for something. @throws ServerError */
export function ask<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return call<T>(search === '' ? path : `${path}?${search}`);
}

/** Has the server do something. @throws ServerError */
export function tell<T>(path: string, body: object): Promise<T> {
  return call<T>(path, body);
}

/** The path of what belongs to a run. */
export function runPath(runId: string, what = ''): string {
  return `/api/runs/${encodeURIComponent(runId)}${what === '' ? '' : `/${what}`}`;
}

async function call<T>(path: string, body?: object): Promise<T> {
  const headers = { [KEY_HEADER]: localStorage.getItem(KEY) ?? '' };
  const response = await fetch(
    path,
    body === undefined
      ? { headers }
      : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) },
  ).catch(() => {
    throw new ServerError(0, 'The server of this page does not answer', 'start it again with `orch ui`');
  });
  const answer = (await response.json().catch(() => undefined)) as T | ErrorAnswer | undefined;
  if (response.ok && answer !== undefined) return answer as T;
  const { error } = (answer ?? {}) as Partial<ErrorAnswer>;
  throw new ServerError(response.status, error?.message ?? `The server answered ${response.status}`, error?.hint);
}
