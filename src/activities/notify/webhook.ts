import type { Notification } from '../../contract/notify.js';
import type { Webhook } from '../../plan/model/notify.js';
import { callHttp, type HttpOutcome } from '../http/index.js';
import { HEADERS, signatureOf } from './signature.js';

/** Milliseconds that a receiver has for its answer. */
const ANSWER_MS = 15_000;
/** Bytes of an answer that are read; none are needed. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** How an attempt ended. */
export interface Attempt {
  ok: boolean;
  reason?: string;
  message?: string;
  /** Whether another attempt may succeed. */
  retryable?: boolean;
  /** Seconds that the receiver asked to wait. */
  retryAfterSec?: number;
}

/**
 * Posts a message, once. A redirect is an answer like any other: neither the message nor its signature goes to a place that
 * nobody has named.
 *
 * @param place stands for the URL in what is said of it
 */
export async function postMessage(
  { url, secret }: Webhook,
  message: Notification,
  { place, signal }: { place: string; signal: AbortSignal },
): Promise<Attempt> {
  const body = JSON.stringify(message);
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'orch',
    [HEADERS.event]: message.event,
    [HEADERS.timestamp]: String(timestamp),
    [HEADERS.key]: message.id,
    ...(secret === undefined ? {} : { [HEADERS.signature]: signatureOf(secret, timestamp, body) }),
  };
  const request = {
    url,
    method: 'POST',
    headers,
    body,
    expect_status: ['2xx', '3xx'],
    max_body_bytes: MAX_ANSWER_BYTES,
  };
  const outcome = await callHttp(request, { signal, timeoutMs: ANSWER_MS });
  return attemptOf(outcome, place, url);
}

function attemptOf(outcome: HttpOutcome, place: string, url: string): Attempt {
  if (outcome.ok && outcome.status < 300) return { ok: true };
  if (outcome.ok) {
    const message = `it answered ${outcome.status}: redirects are not followed`;
    return { ok: false, reason: 'http_status', message, retryable: false };
  }
  const { reason, response, retryable, retryAfterSec } = outcome;
  // It was accepted: what it says is nobody's concern.
  if (reason === 'http_body_too_large' && response !== undefined && response.status < 300) return { ok: true };
  return {
    ok: false,
    reason,
    message: response === undefined ? withoutUrl(outcome.message, place, url) : `it answered ${response.status}`,
    retryable,
    ...(retryAfterSec === undefined ? {} : { retryAfterSec }),
  };
}

/** Words about a call, without the parts of its URL: a path may be a token, and a host may be told by a secret alone. */
function withoutUrl(message: string, place: string, url: string): string {
  if (!URL.canParse(url)) return message.replaceAll(url, place);
  const { origin, pathname, host, hostname } = new URL(url);
  let text = message.replaceAll(`${origin}${pathname}`, place);
  if (place.includes(host)) return text;
  for (const part of [host, hostname]) text = text.replaceAll(part, '***');
  return text;
}
