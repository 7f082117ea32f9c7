import { createServer, request, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseWebUiPort } from '../../src/service/ports.js';
import { openWebUi, type WebUi } from '../../src/service/web-ui.js';

/** Stands in for the server's own Web UI; says what it was asked. */
let inner: Server;
let asked: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[];
let guard: WebUi;
let port: number;

beforeEach(async () => {
  asked = [];
  inner = createServer((incoming, answer) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    incoming.on('end', () => {
      const { method, url, headers } = incoming;
      asked.push({ ...(method && { method }), ...(url && { url }), headers, body });
      answer.writeHead(200, {
        'access-control-allow-origin': '*',
        'set-cookie': '_csrf=token; Path=/',
        ...(url === '/render' && { 'content-security-policy': "default-src 'none'" }),
      });
      answer.end('the UI');
    });
  });
  await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
  port = await chooseWebUiPort();
  guard = await openWebUi(port, `127.0.0.1:${(inner.address() as AddressInfo).port}`);
});

afterEach(() => {
  guard.close();
  inner.close();
  inner.closeAllConnections();
});

describe('what people and the UI itself ask', () => {
  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]'])('is passed on under the name %s', async (name) => {
    const answer = await ask({ headers: { host: `${name}:${port}` } });
    expect([answer.status, answer.body]).toEqual([200, 'the UI']);
    expect(asked[0]?.headers.host).toBe(`127.0.0.1:${(inner.address() as AddressInfo).port}`);
  });

  it('is passed on as it is: path, body and cookies, there and back', async () => {
    const headers = { origin: `http://localhost:${port}`, host: `localhost:${port}`, cookie: '_csrf=token' };
    const answer = await ask({ method: 'POST', path: '/api/v1/x?y=%20', headers, body: '{"a":1}' });
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/api/v1/x?y=%20', body: '{"a":1}' });
    expect(asked[0]?.headers.cookie).toBe('_csrf=token');
    expect(answer.headers['set-cookie']).toEqual(['_csrf=token; Path=/']);
  });

  it('is led from the short address of a run to its page, and nowhere else', async () => {
    const short = await ask({ path: '/r/gate-25c1' });
    expect([short.status, short.headers['location']]).toEqual([302, '/namespaces/default/workflows/gate-25c1']);
    expect((await ask({ path: '/r/a%2Fb%0d%0aset-cookie:x' })).headers['location']).toBe(
      '/namespaces/default/workflows/a%2Fb%0d%0aset-cookie:x',
    );
    for (const path of ['/r/', '/r//evil.example', '/r/a/b', '/r/a?x', '/rest']) {
      expect([path, (await ask({ path })).status]).toEqual([path, 200]);
    }
    const headers = { origin: `http://localhost:${port}`, host: `localhost:${port}` };
    expect((await ask({ method: 'POST', path: '/r/gate-25c1', headers, body: '' })).status).toBe(200);
  });

  it('comes through a port that was forwarded', async () => {
    const headers = { host: 'localhost:9999', origin: 'http://localhost:9999', 'sec-fetch-site': 'same-origin' };
    expect((await ask({ method: 'POST', headers })).status).toBe(200);
  });

  it('may be a link on the page of another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask({ path: '/namespaces/default', headers })).status).toBe(200);
  });
});

describe('what pages of other sites ask', () => {
  it.each([
    ['evil.example'],
    ['127.0.0.1.evil.example'],
    ['localhost.evil.example'],
    ['evil.example#127.0.0.1'],
    ['127.0.0.1@evil.example'],
  ])('is refused under the name "%s"', async (host) => {
    const answer = await ask({ headers: { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' } });
    expect([answer.status, asked]).toEqual([421, []]);
  });

  it.each([
    ['by fetch', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
    ['of the same machine', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
    ['in a frame', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ])('is refused %s, even if it only reads', async (_how, headers) => {
    expect([(await ask({ headers })).status, asked]).toEqual([403, []]);
  });

  it.each([
    ['another site', 'http://evil.example'],
    ['another port of this machine', 'http://127.0.0.1:1'],
    ['no origin that it names', 'null'],
    ['none at all', undefined],
  ])('is refused where it would change something and comes from %s', async (_what, origin) => {
    const form = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const headers = { ...form, ...(origin === undefined ? {} : { origin }) };
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect([(await ask({ method, headers })).status, asked]).toEqual([403, []]);
  });

  it('is refused as an address with a host in it', async () => {
    expect((await ask({ path: 'http://evil.example/' })).status).toBe(421);
  });

  it('opens no other protocol on the connection', async () => {
    const socket = connect(port, '127.0.0.1');
    const head = ['GET / HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket', '', ''];
    socket.write(head.join('\r\n'));
    expect(await new Promise((resolve) => socket.resume().once('close', () => resolve('closed')))).toBe('closed');
    expect(asked).toEqual([]);
  });
});

it('lets no other page read an answer or show it in a frame', async () => {
  const { headers } = await ask({});
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(headers).toMatchObject({
    'content-security-policy': "frame-ancestors 'self'",
    'x-frame-options': 'SAMEORIGIN',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
  // Where the server says more itself, that stands.
  expect((await ask({ path: '/render' })).headers['content-security-policy']).toBe("default-src 'none'");
});

it('says that the server does not answer where it does not', async () => {
  inner.close();
  inner.closeAllConnections();
  expect(await ask({})).toMatchObject({
    status: 502,
    body: 'The Temporal server does not answer. `orch doctor` shows its state.\n',
  });
});

interface Asked {
  method?: string;
  path?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

interface Answer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

function ask({ method = 'GET', path = '/', headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
    });
    outgoing.once('error', reject).end(body);
  });
}
