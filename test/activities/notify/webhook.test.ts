import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { signatureOf } from '../../../src/activities/notify/signature.js';
import { postMessage } from '../../../src/activities/notify/webhook.js';
import { httpRig } from '../../support/http-rig.js';
import { messageOf } from '../../support/notifications.js';

const rig = httpRig();
const message = messageOf('run-1', { event: 'failed' });
const told = { place: 'webhook (its URL is in the secret HOOK)', signal: new AbortController().signal };

/** Answers with these statuses in turn, and keeps what it was sent. */
function answering(statuses: number[]): {
  listener: RequestListener;
  got: { headers: IncomingHttpHeaders; body: string }[];
} {
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      const status = statuses[got.length - 1] ?? 200;
      response.writeHead(status, { location: '/elsewhere', 'retry-after': '7' }).end('a s3cret-path answer');
    });
  };
  return { listener, got };
}

test('a message is signed over its time and its body, and has the key of the notification', async () => {
  const { listener, got } = answering([204]);
  const url = `${await rig.serve(listener)}/s3cret-path`;
  expect(await postMessage({ url, secret: 'the key' }, message, told)).toEqual({ ok: true });
  const [{ headers, body }] = got as [(typeof got)[0]];
  expect(JSON.parse(body)).toEqual(message);
  const time = headers['orch-timestamp'] as string;
  expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(60);
  const expected = createHmac('sha256', 'the key').update(`${time}.${body}`).digest('hex');
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': message.id,
    'orch-event': 'failed',
    'orch-signature': `v1=${expected}`,
  });
  expect(signatureOf('the key', Number(time), `${body} `)).not.toBe(`v1=${expected}`);
});

test('without a key there is no signature', async () => {
  const { listener, got } = answering([200]);
  expect(await postMessage({ url: await rig.serve(listener) }, message, told)).toEqual({ ok: true });
  expect(got[0]!.headers).not.toHaveProperty('orch-signature');
});

test.each([
  [302, { reason: 'http_status', message: 'it answered 302: redirects are not followed', retryable: false }],
  [404, { reason: 'http_status', message: 'it answered 404', retryable: false }],
  [429, { reason: 'http_status', message: 'it answered 429', retryable: true, retryAfterSec: 7 }],
  [503, { reason: 'http_status', message: 'it answered 503', retryable: true, retryAfterSec: 7 }],
])('an answer of %i is a failure, and one request', async (status, failure) => {
  const { listener, got } = answering([status]);
  const url = `${await rig.serve(listener)}/s3cret-path`;
  expect(await postMessage({ url, secret: 'the key' }, message, told)).toEqual({ ok: false, ...failure });
  expect(got).toHaveLength(1);
});

test('where nobody answers, the words show nothing of the URL', async () => {
  const origin = await rig.serve(() => {});
  rig.stopListening();
  const attempt = await postMessage({ url: `${origin}/s3cret-path?t0ken` }, message, told);
  expect(attempt).toMatchObject({ ok: false, reason: 'http_network', retryable: true });
  expect(attempt.message).toContain(told.place);
  expect(attempt.message).not.toMatch(/s3cret-path|t0ken|127\.0\.0\.1/);
  const wrong = await postMessage({ url: 'no-url-s3cret-path' }, message, told);
  expect(wrong).toMatchObject({ ok: false, reason: 'http_request', retryable: false });
  expect(wrong.message).not.toContain('s3cret-path');
});
