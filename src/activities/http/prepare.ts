import type { Result } from '../../plan/model/diagnostic.js';
import { parseExpectStatus, type StatusRange } from './expect-status.js';
import { DEFAULT_MAX_BODY_BYTES, type HttpRequest } from './types.js';
import { defined } from '../../basics/defined.js';

/** A request that is ready to be sent. */
export interface PreparedRequest {
  url: URL;
  method: string;
  headers: Headers;
  body?: string;
  expected: readonly StatusRange[];
  maxBodyBytes: number;
  /** Whether a text holds what may not go to another origin. */
  holdsSecret(this: void, text: string): boolean;
}

/** What is wrong with a request, and what to do about it. */
export interface RequestProblem {
  problem: string;
  hint?: string;
}

/** Checks a request. No problem quotes a header's value or a URL: both may hold secrets. */
export function prepareRequest(
  request: HttpRequest,
  holdsSecret: PreparedRequest['holdsSecret'] = () => false,
): Result<PreparedRequest, RequestProblem> {
  const url = checkUrl(request.url);
  if (!url.ok) return url;
  const expected = parseExpectStatus(request.expect_status);
  if (!expected.ok) return wrong(expected.error.join('; '));
  const headers = checkHeaders(request.headers ?? {});
  if (!headers.ok) return headers;
  const method = (request.method ?? 'GET').toUpperCase();
  const body = request.body ?? undefined;
  const problem = checkMethod(method, body !== undefined);
  if (problem !== undefined) return wrong(problem);
  if (body !== undefined && typeof body !== 'string' && !headers.value.has('content-type')) {
    headers.value.set('content-type', 'application/json');
  }
  return {
    ok: true,
    value: {
      url: url.value,
      method,
      headers: headers.value,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      expected: expected.value,
      maxBodyBytes: request.max_body_bytes ?? DEFAULT_MAX_BODY_BYTES,
      holdsSecret,
    },
  };
}

/**
 * Reads a URL that a step may call.
 *
 * @param base what a relative one (of a redirect) counts from.
 */
export function checkUrl(text: string, base?: URL): Result<URL, RequestProblem> {
  if (!URL.canParse(text, base?.href)) {
    return wrong('the URL is not absolute', 'Include its scheme and host: https://example.org/path');
  }
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return wrong(`the URL's scheme is "${url.protocol.slice(0, -1)}": only http and https can be called`);
  }
  if (url.username !== '' || url.password !== '') {
    return wrong(
      'the URL contains credentials, which would end up in logs',
      'Send them in a header: declare the value in the secrets of the step and set Authorization from it',
    );
  }
  return { ok: true, value: url };
}

/** Where a request goes, without its query and fragment: those may hold tokens. */
export function displayUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** Fetch's own complaint quotes the value, hence header by header and without its message. */
function checkHeaders(given: Readonly<Record<string, string>>): Result<Headers, RequestProblem> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.append(name, value);
    } catch {
      const what = /^[!#$%&'*+.^_`|~\w-]+$/.test(name)
        ? `the value of header ${name}`
        : `the header name ${JSON.stringify(name)}`;
      return wrong(`${what} is not allowed in HTTP`, 'Names are tokens; values are one line of Latin-1 text');
    }
  }
  return { ok: true, value: headers };
}

function checkMethod(method: string, hasBody: boolean): string | undefined {
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(method)) return `${JSON.stringify(method)} is not an HTTP method`;
  if (['CONNECT', 'TRACE', 'TRACK'].includes(method)) return `the method ${method} cannot be used`;
  if (hasBody && (method === 'GET' || method === 'HEAD')) return `a ${method} request cannot have a body`;
  return undefined;
}

function wrong(problem: string, hint?: string): { ok: false; error: RequestProblem } {
  return { ok: false, error: { problem, ...defined({ hint }) } };
}
