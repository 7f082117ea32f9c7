import { after } from '../../host/timers.js';
import { describeStatus, matchesStatus } from './expect-status.js';
import { fetchFollowing, RedirectError } from './follow.js';
import { networkError } from './network-error.js';
import { displayUrl, prepareRequest, type PreparedRequest } from './prepare.js';
import { readBody } from './read-body.js';
import { retryAfterSec } from './retry-after.js';
import type { HttpFailure, HttpOptions, HttpOutcome, HttpRequest, HttpResponse } from './types.js';
import { defined } from '../../basics/defined.js';

/** Bytes of names and values of headers that an outcome carries. */
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Makes one HTTP call, without retries: whoever calls decides on those by `retryable` and `retryAfterSec`.
 *
 * Follows at most 5 redirects, reads the body in bounded memory, and keeps to one deadline from the first byte of the
 * request to the last of the answer. Failures of the call are values.
 *
 * @throws what the file system says where `bodyFile` cannot be written.
 * @example
 * const outcome = await callHttp({ url: 'https://example.org/health' }, { signal, timeoutMs: 5_000 });
 * if (!outcome.ok) throw new Error(outcome.message);
 */
export async function callHttp(request: HttpRequest, options: HttpOptions): Promise<HttpOutcome> {
  const began = performance.now();
  const result = await attempt(request, options);
  const duration_ms = Math.round(performance.now() - began);
  return 'reason' in result ? { ok: false, duration_ms, ...result } : { ok: true, duration_ms, ...result };
}

async function attempt(request: HttpRequest, options: HttpOptions): Promise<HttpResponse | HttpFailure> {
  const prepared = prepareRequest(request, options.holdsSecret);
  if (!prepared.ok) {
    const { problem, hint } = prepared.error;
    const message = `RequestError: ${problem}`;
    return { reason: 'http_request', message, retryable: false, ...defined({ hint }) };
  }
  const what = `${prepared.value.method} ${displayUrl(prepared.value.url)}`;
  const stop = stopper(options);
  try {
    return await exchange(prepared.value, what, stop.signal, options.bodyFile);
  } catch (error) {
    const stopped = stop.why();
    return stopped === undefined ? unanswered(error, what) : stoppedFailure(stopped, what, options.timeoutMs);
  } finally {
    stop.release();
  }
}

type StopReason = 'timeout' | 'canceled';

/** One signal for both reasons to stop; the first of them counts. */
function stopper(options: HttpOptions): { signal: AbortSignal; why(): StopReason | undefined; release(): void } {
  const controller = new AbortController();
  let reason: StopReason | undefined;
  const stop = (why: StopReason): void => {
    reason ??= why;
    controller.abort();
  };
  const onAbort = (): void => stop('canceled');
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener('abort', onAbort);
  const timer = options.timeoutMs === undefined ? undefined : after(options.timeoutMs, () => stop('timeout'));
  return {
    signal: controller.signal,
    why: () => reason,
    release: () => {
      timer?.cancel();
      options.signal.removeEventListener('abort', onAbort);
    },
  };
}

async function exchange(
  request: PreparedRequest,
  what: string,
  signal: AbortSignal,
  bodyFile: string | undefined,
): Promise<HttpResponse | HttpFailure> {
  const answer = await fetchFollowing(request, signal);
  const { tooLarge, ...body } = await readBody(answer, request.maxBodyBytes, bodyFile);
  const response = { status: answer.status, headers: boundedHeaders(answer.headers), ...body };
  // A wrong status says more than the size of its error page.
  if (!matchesStatus(request.expected, response.status)) return statusFailure(request, what, response);
  if (!tooLarge) return response;
  const message = `BodyTooLargeError: the response to ${what} is larger than max_body_bytes (${request.maxBodyBytes})`;
  const hint = 'Raise max_body_bytes of the step, or ask the server for less';
  return { reason: 'http_body_too_large', message, hint, retryable: false, response };
}

function boundedHeaders(headers: Headers): Record<string, string> {
  const bounded = new Map<string, string>();
  let left = MAX_HEADER_BYTES;
  for (const [name, value] of headers) {
    left -= Buffer.byteLength(name) + Buffer.byteLength(value);
    if (left < 0) break;
    const before = bounded.get(name); // only set-cookie comes more than once
    bounded.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(bounded);
}

function statusFailure(request: PreparedRequest, what: string, response: HttpResponse): HttpFailure {
  const { status } = response;
  const wait = retryAfterSec(response.headers);
  const retryable = status === 408 || status === 425 || status === 429 || status >= 500;
  return {
    reason: 'http_status',
    message: `HttpError: ${what} answered ${status} (expected ${describeStatus(request.expected)})`,
    retryable,
    ...(retryable && wait !== undefined ? { retryAfterSec: wait } : {}),
    response,
  };
}

function stoppedFailure(reason: StopReason, what: string, timeoutMs: number | undefined): HttpFailure {
  if (reason === 'canceled') return { reason, message: `CanceledError: ${what} was stopped`, retryable: false };
  const message = `TimeoutError: ${what} took longer than ${(timeoutMs ?? 0) / 1000} s and was stopped`;
  return { reason, message, retryable: true };
}

/** @throws what is no failure of the call, such as a full disk. */
function unanswered(error: unknown, what: string): HttpFailure {
  if (error instanceof RedirectError) {
    return { reason: 'http_network', message: `RedirectError: ${what} was ${error.message}`, retryable: false };
  }
  if (!(error instanceof TypeError)) throw error; // fetch and its streams fail with a TypeError, all else is not theirs
  const { message, ofRequest } = networkError(error);
  if (ofRequest) return { reason: 'http_request', message: `RequestError: ${what}: ${message}`, retryable: false };
  return { reason: 'http_network', message: `NetworkError: ${what}: ${message}`, retryable: true };
}
