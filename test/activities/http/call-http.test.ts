import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/activities/http/index.js';
import { call, echo, httpRig } from '../../support/http-rig.js';

const rig = httpRig();

describe('an answer', () => {
  test('carries status, headers in lower case, text and the parsed JSON', async () => {
    const origin = await rig.serve((_, response) => {
      response.writeHead(201, { 'Content-Type': 'application/problem+json', 'X-Thing': 'one', Date: 'then' });
      response.end('{"n": 9007199254740991, "s": "π"}');
    });
    const outcome = await call({ url: origin });
    expect(outcome).toEqual({
      ok: true,
      status: 201,
      headers: {
        'content-type': 'application/problem+json',
        'x-thing': 'one',
        date: 'then',
        connection: 'close',
        'transfer-encoding': 'chunked',
      },
      body_text: '{"n": 9007199254740991, "s": "π"}',
      body_bytes: 34,
      body_truncated: false,
      json: { n: 9007199254740991, s: 'π' },
      duration_ms: expect.any(Number) as number,
    });
  });

  test.each([
    ['application/json', '{', undefined],
    ['application/json', 'null', null],
    ['text/plain', '1', undefined],
    ['application/jsonx', '1', undefined],
  ])('of type %s and body %s has the JSON value %j', async (type, body, json) => {
    const origin = await rig.serve((_, response) => response.setHeader('Content-Type', type).end(body));
    expect(await call({ url: origin })).toMatchObject({
      ok: true,
      body_text: body,
      ...(json === undefined ? {} : { json }),
    });
    expect('json' in (await call({ url: origin }))).toBe(json !== undefined);
  });

  test('without a body is fine', async () => {
    const origin = await rig.serve((_, response) => response.writeHead(204).end());
    expect(await call({ url: origin })).toMatchObject({ ok: true, status: 204, body_text: '', body_bytes: 0 });
  });

  test('is read in the charset that it names, and unpacked', async () => {
    const origin = await rig.serve((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=ISO-8859-1', 'Content-Encoding': 'gzip' });
      response.end(gzipSync(Buffer.from('caf\u00e9', 'latin1')));
    });
    expect(await call({ url: origin })).toMatchObject({ ok: true, body_text: 'café', body_bytes: 4 });
  });

  test('that is no text goes to the file only, byte for byte', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]);
    const origin = await rig.serve((_, response) => response.end(bytes));
    const bodyFile = rig.file('body');
    expect(await call({ url: origin }, { bodyFile })).toMatchObject({
      ok: true,
      body_text: '',
      body_bytes: 5,
      body_truncated: true,
    });
    expect(readFileSync(bodyFile)).toEqual(bytes);
  });

  test('of more than 64 KiB has the start of its text, whole characters only, and all of its JSON', async () => {
    const value = `x${'π'.repeat(100_000)}`;
    const origin = await rig.serve((_, response) =>
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value)),
    );
    const bodyFile = rig.file('body');
    const outcome = await call({ url: origin }, { bodyFile });
    expect(outcome).toMatchObject({ ok: true, body_bytes: 200_003, body_truncated: true, json: value });
    expect(outcome).toMatchObject({ body_text: `"x${'π'.repeat(32_767)}` });
    expect(readFileSync(bodyFile, 'utf8')).toBe(JSON.stringify(value));
  });

  test('has at most 16 KiB of headers', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 15 }, (_, at) => [`x-${String.fromCharCode(97 + at)}`, 'v'.repeat(1000)]),
    );
    const cookies = Array.from({ length: 2 }, (_, at) => `c${at}=1`);
    const origin = await rig.serve((_, response) => response.writeHead(200, { ...many, 'set-cookie': cookies }).end());
    const outcome = await call({ url: origin });
    if (!outcome.ok) throw new Error(outcome.message);
    expect(outcome.headers['set-cookie']).toBe('c0=1, c1=1');
    expect(JSON.stringify(outcome.headers).length).toBeLessThan(17_000);
  });
});

describe('a request', () => {
  test.each<[string, Partial<HttpRequest>, object]>([
    ['is a GET by default', {}, { method: 'GET', body: '' }],
    ['may have its method in lower case', { method: 'patch', body: 'x' }, { method: 'PATCH', body: 'x' }],
    [
      'sends text as it is',
      { method: 'POST', body: 'a=1' },
      { body: 'a=1', headers: { 'content-type': 'text/plain;charset=UTF-8' } },
    ],
    [
      'sends anything else as JSON',
      { method: 'POST', body: { a: [1] } },
      { body: '{"a":[1]}', headers: { 'content-type': 'application/json' } },
    ],
    [
      'keeps the content type that is given',
      { method: 'PUT', body: [1], headers: { 'Content-Type': 'application/x' } },
      { body: '[1]', headers: { 'content-type': 'application/x' } },
    ],
    ['sends its headers', { headers: { 'X-Key': 'k' } }, { headers: { 'x-key': 'k' } }],
  ])('%s', async (_, request, seen) => {
    const origin = await rig.serve(echo);
    expect(await call({ url: `${origin}/a?b=c#d`, ...request })).toMatchObject({
      ok: true,
      json: { url: '/a?b=c', ...seen },
    });
  });

  test.each<[string, HttpRequest, string]>([
    ['a relative URL', { url: '/a' }, 'RequestError: the URL is not absolute'],
    [
      'another scheme',
      { url: 'file:///etc/passwd' },
      'RequestError: the URL\'s scheme is "file": only http and https can be called',
    ],
    [
      'credentials in the URL',
      { url: 'https://user:s3cret@example.org' },
      'RequestError: the URL contains credentials, which would end up in logs',
    ],
    [
      'a bad header value',
      { url: 'http://x', headers: { Authorization: 's3cret\nX: y' } },
      'RequestError: the value of header Authorization is not allowed in HTTP',
    ],
    [
      'a bad header name',
      { url: 'http://x', headers: { 'a b': 's3cret' } },
      'RequestError: the header name "a b" is not allowed in HTTP',
    ],
    ['a body on GET', { url: 'http://x', body: 's3cret' }, 'RequestError: a GET request cannot have a body'],
    [
      'a method that fetch forbids',
      { url: 'http://x', method: 'trace' },
      'RequestError: the method TRACE cannot be used',
    ],
    ['a method that is none', { url: 'http://x', method: 'A B' }, 'RequestError: "A B" is not an HTTP method'],
    [
      'bad statuses',
      { url: 'http://x', expect_status: ['2x', 7] },
      'RequestError: "2x" is not a status: use a code (200), a class ("2xx") or a range ("200-204"); "7" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
    ],
  ])('with %s is refused, and never tried again', async (_, request, message) => {
    const outcome = await call(request);
    expect(outcome).toMatchObject({ ok: false, reason: 'http_request', message, retryable: false });
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });

  test('that the HTTP library refuses is told as such', async () => {
    const origin = await rig.serve(echo);
    const outcome = await call({ url: origin, method: 'POST', body: 'abc', headers: { 'content-length': '99' } });
    expect(outcome).toMatchObject({ ok: false, reason: 'http_request', retryable: false });
  });
});

describe('a status that is not expected', () => {
  test.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
    [599, true],
    [304, false],
  ])('%i: worth another try: %s', async (status, retryable) => {
    const origin = await rig.serve((_, response) => response.writeHead(status).end(status === 304 ? undefined : 'why'));
    expect(await call({ url: `${origin}/p?token=s3cret` })).toMatchObject({
      ok: false,
      reason: 'http_status',
      message: `HttpError: GET ${origin}/p answered ${status} (expected 2xx)`,
      retryable,
      response: { status, body_text: status === 304 ? '' : 'why' },
    });
  });

  test('says what was expected', async () => {
    const origin = await rig.serve(echo);
    expect(await call({ url: origin, expect_status: [201, '3xx'] })).toMatchObject({
      message: `HttpError: GET ${origin}/ answered 200 (expected 201, 3xx)`,
      retryable: false,
    });
  });

  test('is a success where it is expected', async () => {
    const origin = await rig.serve((_, response) => response.writeHead(503).end());
    expect(await call({ url: origin, expect_status: ['500-503'] })).toMatchObject({ ok: true, status: 503 });
  });

  test.each([
    ['17', 17],
    ['Thu, 01 Jan 1970 00:01:30 GMT', 90],
  ])('carries a Retry-After of %s', async (value, seconds) => {
    const origin = await rig.serve((_, response) => {
      response.writeHead(429, { 'Retry-After': value, Date: 'Thu, 01 Jan 1970 00:00:00 GMT' }).end();
    });
    expect(await call({ url: origin })).toMatchObject({ ok: false, retryable: true, retryAfterSec: seconds });
  });

  test('says more than the size of its page', async () => {
    const origin = await rig.serve((_, response) => response.writeHead(500).end('x'.repeat(100)));
    expect(await call({ url: origin, max_body_bytes: 10 })).toMatchObject({
      reason: 'http_status',
      response: { body_bytes: 10 },
    });
  });
});
