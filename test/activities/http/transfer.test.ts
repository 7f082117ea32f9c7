import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../../src/secrets/index.js';
import { call, chain, echo, httpRig, seenHeaders } from '../../support/http-rig.js';

const rig = httpRig();
const SECRET = 's3cret/+value';
const redactor = createRedactor([SECRET]);
const holdsSecret = (text: string): boolean => redactor.text(text) !== text;

describe('redirects', () => {
  test('five are followed, a sixth is not', async () => {
    const origin = await rig.serve(chain);
    expect(await call({ url: `${origin}/5` })).toMatchObject({ ok: true, json: { url: '/0' } });
    expect(await call({ url: `${origin}/6` })).toMatchObject({
      ok: false,
      reason: 'http_network',
      message: `RedirectError: GET ${origin}/6 was redirected more than 5 times, the last time by ${origin}/1`,
      retryable: false,
    });
  });

  test('one that is expected is the answer', async () => {
    const origin = await rig.serve(chain);
    expect(await call({ url: `${origin}/1`, expect_status: ['3xx'] })).toMatchObject({
      ok: true,
      status: 302,
      headers: { location: '/0' },
    });
  });

  test.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'b'],
    [307, 'POST', 'POST', 'b'],
    [308, 'POST', 'POST', 'b'],
  ])('%i after %s is followed with %s', async (status, method, then, body) => {
    const origin = await rig.serve((request, response) => {
      if (request.url === '/end') echo(request, response);
      else response.writeHead(status, { Location: '/end' }).end();
    });
    const outcome = await call({ url: origin, method, body: 'b' });
    expect(outcome).toMatchObject({ ok: true, json: { method: then, body } });
    const headers = seenHeaders(outcome);
    expect('content-type' in headers).toBe(body !== '');
  });

  test('to another origin go with the headers only that say what is sent and wanted', async () => {
    const other = await rig.serve(echo);
    const origin = await rig.serve((request, response) => {
      response.writeHead(302, { Location: request.url === '/same' ? '/away' : other }).end();
    });
    const headers = {
      Authorization: 'a',
      'Proxy-Authorization': 'b',
      Cookie: 'c',
      'X-Api-Key': 'd',
      'PRIVATE-TOKEN': 'e',
      'User-Agent': SECRET,
      Accept: 'text/plain',
    };
    const outcome = await call({ url: `${origin}/same`, headers }, { holdsSecret });
    const { host, connection: _, 'accept-encoding': _e, 'accept-language': _l, ...seen } = seenHeaders(outcome);
    expect([host, seen]).toEqual([
      new URL(other).host,
      { accept: 'text/plain', 'sec-fetch-mode': 'cors', 'user-agent': 'node' },
    ]);
  });

  test('and back to the first one, what was left out does not come again', async () => {
    let back = '';
    const other = await rig.serve((_, response) => response.writeHead(302, { Location: `${back}/end` }).end());
    back = await rig.serve((request, response) => {
      if (request.url === '/end') echo(request, response);
      else response.writeHead(302, { Location: other }).end();
    });
    expect(seenHeaders(await call({ url: back, headers: { 'X-Api-Key': 'd' } }))['x-api-key']).toBeUndefined();
  });

  test.each([307, 308])('%i with a body that holds a secret is not followed to another origin', async (status) => {
    const seen: (string | undefined)[] = [];
    const other = await rig.serve((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const origin = await rig.serve((_, response) => response.writeHead(status, { Location: `${other}/in` }).end());
    const body = { user: 'ann', auth: Buffer.from(`ann:${SECRET}`).toString('base64') };
    expect(await call({ url: origin, method: 'POST', body }, { holdsSecret })).toEqual({
      ok: false,
      duration_ms: expect.any(Number),
      reason: 'http_network',
      message: `RedirectError: POST ${origin}/ was redirected by ${origin}/ to another origin (${other}), and the body holds a secret; call that origin directly if it is meant to receive it`,
      retryable: false,
    });
    expect(await call({ url: origin, method: 'POST', body: 'plain' }, { holdsSecret })).toMatchObject({ ok: true });
    expect(seen).toEqual(['/in']);
  });

  test.each([
    ['POST', 302, 'GET'],
    ['PUT', 303, 'GET'],
  ])('%s with a secret body becomes by %i a %s without it, and goes on', async (method, status, then) => {
    const other = await rig.serve(echo);
    const origin = await rig.serve((_, response) => response.writeHead(status, { Location: other }).end());
    const outcome = await call({ url: origin, method, body: SECRET }, { holdsSecret });
    expect(outcome).toMatchObject({ ok: true, json: { method: then, body: '' } });
  });

  test('a URL that holds a secret is called on its own origin, and on no other', async () => {
    const seen: (string | undefined)[] = [];
    const other = await rig.serve((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const query = `?token=${encodeURIComponent(SECRET)}`;
    const origin = await rig.serve((request, response) => {
      const to = request.url?.startsWith('/away') ? other : '';
      if (request.url?.startsWith('/end')) echo(request, response);
      else response.writeHead(302, { Location: `${to}/end${query}` }).end();
    });
    expect(await call({ url: `${origin}/x${query}` }, { holdsSecret })).toMatchObject({
      json: { url: `/end${query}` },
    });
    expect(await call({ url: `${origin}/away${query}` }, { holdsSecret })).toMatchObject({
      ok: false,
      message: `RedirectError: GET ${origin}/away was redirected by ${origin}/away to another origin (${other}), and the URL holds a secret; call that origin directly if it is meant to receive it`,
    });
    expect(seen).toEqual([]);
  });

  test('to the same origin keep it', async () => {
    const origin = await rig.serve(chain);
    expect(await call({ url: `${origin}/1`, headers: { Authorization: 'a' } })).toMatchObject({
      json: { headers: { authorization: 'a' } },
    });
  });

  test.each([
    ['file:///etc/passwd', 'the URL\'s scheme is "file": only http and https can be called'],
    ['http://u:s3cret@127.0.0.1/', 'the URL contains credentials, which would end up in logs'],
  ])('to %s are refused', async (location, why) => {
    const origin = await rig.serve((_, response) => response.writeHead(302, { Location: location }).end());
    expect(await call({ url: origin })).toMatchObject({
      reason: 'http_network',
      message: `RedirectError: GET ${origin}/ was redirected by ${origin}/, but ${why}`,
      retryable: false,
    });
  });

  test('without a place are an answer as any other', async () => {
    const origin = await rig.serve((_, response) => response.writeHead(302).end());
    expect(await call({ url: origin })).toMatchObject({ reason: 'http_status', retryable: false });
  });
});

describe('a body that is too large', () => {
  test('ends the call without being read on, even where it never ends', async () => {
    let closed: (() => void) | undefined;
    const connectionClosed = new Promise<void>((resolve) => (closed = resolve));
    const origin = await rig.serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', more).on('close', () => closed?.());
      more();
    });
    const bodyFile = rig.file('body');
    const before = process.memoryUsage().arrayBuffers;
    expect(await call({ url: origin, max_body_bytes: 1_000_000 }, { bodyFile })).toMatchObject({
      ok: false,
      reason: 'http_body_too_large',
      message: `BodyTooLargeError: the response to GET ${origin}/ is larger than max_body_bytes (1000000)`,
      retryable: false,
      response: { status: 200, body_bytes: 1_000_000, body_truncated: true },
    });
    await connectionClosed;
    expect(readFileSync(bodyFile)).toHaveLength(1_000_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });

  test('of just the limit is not', async () => {
    const origin = await rig.serve((_, response) => response.end('x'.repeat(10)));
    expect(await call({ url: origin, max_body_bytes: 10 })).toMatchObject({
      ok: true,
      body_bytes: 10,
      body_truncated: false,
    });
    expect(await call({ url: origin, max_body_bytes: 9 })).toMatchObject({ reason: 'http_body_too_large' });
  });

  test('by default is one of more than 1 MiB', async () => {
    const origin = await rig.serve((request, response) =>
      response.end('x'.repeat(1_048_576 + Number(request.url?.slice(1)))),
    );
    expect(await call({ url: `${origin}/0` })).toMatchObject({ ok: true });
    expect(await call({ url: `${origin}/1` })).toMatchObject({ reason: 'http_body_too_large' });
  });
});

describe('a call that ends early', () => {
  test('nobody listens', async () => {
    const origin = await rig.serve(echo);
    rig.stopListening();
    const port = new URL(origin).port;
    expect(await call({ url: `${origin}/x?token=s3cret` })).toMatchObject({
      ok: false,
      reason: 'http_network',
      message: `NetworkError: GET ${origin}/x: nothing listens there (connect ECONNREFUSED 127.0.0.1:${port})`,
      retryable: true,
    });
  });

  test('the server goes away before it answers', async () => {
    const origin = await rig.serve((request) => request.socket.destroy());
    expect(await call({ url: origin })).toMatchObject({
      reason: 'http_network',
      message: `NetworkError: GET ${origin}/: UND_ERR_SOCKET: the server closed the connection (other side closed)`,
      retryable: true,
    });
  });

  test('the server goes away in the middle of the body', async () => {
    const origin = await rig.serve((request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half', () => request.socket.resetAndDestroy());
    });
    const outcome = await call({ url: origin });
    expect(outcome).toMatchObject({ ok: false, reason: 'http_network', retryable: true });
    expect((outcome as { message: string }).message).toMatch(/^NetworkError: .*the server closed the connection/);
  });

  test.each(['before the answer', 'within the body'])('its time is over %s', async (when) => {
    const origin = await rig.serve((_, response) => {
      if (when === 'within the body') response.write('slow');
    });
    expect(await call({ url: origin }, { timeoutMs: 100 })).toMatchObject({
      ok: false,
      reason: 'timeout',
      message: `TimeoutError: GET ${origin}/ took longer than 0.1 s and was stopped`,
      retryable: true,
    });
  });

  test.each(['before the answer', 'within the body'])('it is stopped %s', async (when) => {
    const controller = new AbortController();
    const origin = await rig.serve((_, response) => {
      if (when === 'within the body') response.write('slow');
      setImmediate(() => controller.abort());
    });
    expect(await call({ url: origin }, { signal: controller.signal })).toMatchObject({
      ok: false,
      reason: 'canceled',
      message: `CanceledError: GET ${origin}/ was stopped`,
      retryable: false,
    });
  });

  test('it was stopped before it began: nothing is sent', async () => {
    let asked = false;
    const origin = await rig.serve(() => (asked = true));
    const bodyFile = rig.file('body');
    expect(await call({ url: origin }, { signal: AbortSignal.abort(), bodyFile })).toMatchObject({
      reason: 'canceled',
    });
    expect([asked, existsSync(bodyFile)]).toEqual([false, false]);
  });

  test('a body file that cannot be written is no failure of the network', async () => {
    const origin = await rig.serve(echo);
    await expect(call({ url: origin }, { bodyFile: rig.file('nowhere', 'body') })).rejects.toThrow('ENOENT');
  });
});
