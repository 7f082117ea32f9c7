import { matchesStatus } from './expect-status.js';
import { patientDispatcher } from './dispatcher.js';
import { checkUrl, displayUrl, type PreparedRequest } from './prepare.js';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What fetch itself does not carry to another origin. */
const OF_ORIGIN = ['authorization', 'proxy-authorization', 'cookie', 'host'];
const OF_BODY = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];

/** A redirect that is not followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
}

/**
 * Sends a request and follows redirects as fetch does, but only a few, and never to a URL that a step may not name.
 * A redirect that the request expects is its answer.
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
      throw new RedirectError(`redirected more than ${MAX_REDIRECTS} times, at last by ${displayUrl(next.url)}`);
    }
    next = redirected(next, response.status, location);
  }
}

function send({ url, method, headers, body }: PreparedRequest, signal: AbortSignal): Promise<Response> {
  const dispatcher = patientDispatcher();
  return fetch(url, {
    method,
    headers,
    redirect: 'manual',
    signal,
    ...(body === undefined ? {} : { body }),
    ...(dispatcher === undefined ? {} : { dispatcher }),
  });
}

function redirected(request: PreparedRequest, status: number, location: string): PreparedRequest {
  const target = checkUrl(location, request.url);
  if (!target.ok) throw new RedirectError(`redirected by ${displayUrl(request.url)}, but ${target.error.problem}`);
  const headers = new Headers(request.headers);
  if (target.value.origin !== request.url.origin) for (const name of OF_ORIGIN) headers.delete(name);
  const asGet =
    (status === 303 && request.method !== 'HEAD') || ((status === 301 || status === 302) && request.method === 'POST');
  if (!asGet) return { ...request, url: target.value, headers };
  for (const name of OF_BODY) headers.delete(name);
  const { expected, maxBodyBytes } = request;
  return { url: target.value, method: 'GET', headers, expected, maxBodyBytes };
}
