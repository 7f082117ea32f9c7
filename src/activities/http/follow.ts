import type { Response } from 'undici';
import { matchesStatus } from './expect-status.js';
import { defined } from '../../basics/defined.js';
import { checkUrl, displayUrl, type PreparedRequest } from './prepare.js';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/**
 * What another origin may be told: what is sent, and what is wanted. Any other header may be a credential by whatever
 * name its server knows it, so it stays with the origin that it was written for.
 */
const FOR_ANYBODY = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-encoding',
  'content-language',
  'content-type',
  'range',
  'traceparent',
  'user-agent',
]);
const OF_BODY = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];

/** A redirect that is not followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
}

/**
 * Sends a request and follows redirects as fetch does, but only a few, and never to a URL that a step may not name.
 * A redirect that the request expects is its answer. Nothing that holds a secret goes to another origin.
 *
 * @throws RedirectError, and what fetch throws.
 */
export async function fetchFollowing(request: PreparedRequest, signal: AbortSignal): Promise<Response> {
  let next = request;
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(next, signal);
    const location = response.headers.get('location');
    if (location === null || !REDIRECTS.has(response.status) || matchesStatus(request.expected, response.status)) {
      return response;
    }
    await response.body?.cancel();
    if (redirects === MAX_REDIRECTS) {
      throw new RedirectError(`redirected more than ${MAX_REDIRECTS} times, the last time by ${displayUrl(next.url)}`);
    }
    next = redirected(next, response.status, location);
  }
}

async function send({ url, method, headers, body }: PreparedRequest, signal: AbortSignal): Promise<Response> {
  // Not before it is needed: most workers make no call, and all would start later.
  const { patientFetch } = await import('./patient-fetch.js');
  // The name that Node's own fetch gives itself: servers may go by it.
  const named = headers.has('user-agent') ? [...headers] : [...headers, ['user-agent', 'node'] as [string, string]];
  return patientFetch(url, { method, headers: named, redirect: 'manual', signal, ...defined({ body }) });
}

function redirected(request: PreparedRequest, status: number, location: string): PreparedRequest {
  const target = checkUrl(location, request.url);
  if (!target.ok) throw new RedirectError(`redirected by ${displayUrl(request.url)}, but ${target.error.problem}`);
  const next = { ...withMethodFor(status, request), url: target.value };
  return target.value.origin === request.url.origin ? next : withoutSecrets(next, request.url);
}

/** A POST that was answered becomes a GET of what the answer names (303, and 301 and 302 as all clients have it). */
function withMethodFor(status: number, request: PreparedRequest): PreparedRequest {
  const asGet =
    (status === 303 && request.method !== 'HEAD') || ((status === 301 || status === 302) && request.method === 'POST');
  if (!asGet) return request;
  const { body: _, ...rest } = request;
  const headers = new Headers(request.headers);
  for (const name of OF_BODY) headers.delete(name);
  return { ...rest, method: 'GET', headers };
}

/** @throws RedirectError where a secret cannot be left out. */
function withoutSecrets(request: PreparedRequest, from: URL): PreparedRequest {
  const { url, body, holdsSecret } = request;
  const refuse = (what: string): never => {
    const where = `redirected by ${displayUrl(from)} to another origin (${url.origin})`;
    throw new RedirectError(
      `${where}, and ${what} holds a secret; call that origin directly if it is meant to receive it`,
    );
  };
  if (holdsSecret(url.href)) refuse('the URL');
  if (body !== undefined && holdsSecret(body)) refuse('the body');
  const kept = [...request.headers].filter(([name, value]) => FOR_ANYBODY.has(name) && !holdsSecret(value));
  return { ...request, headers: new Headers(kept) };
}
