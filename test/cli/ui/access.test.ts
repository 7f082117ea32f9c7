import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyAccess } from '../../../src/cli/ui/access.js';
import { servePage, type ApiRequest, type Page } from '../../../src/cli/ui/page-server.js';
import { sendRaw, type Answer } from '../../support/raw-request.js';

const ORIGIN = 'https://orch.example.com';
const SECRET = 'a-secret-of-more-than-32-characters';

type Headers = Record<string, string | string[]>;

const asked: ApiRequest[] = [];
let page: Page;
/** A reverse proxy: it says who asks, whatever the browser says, and shows its secret. */
let proxy: ReturnType<typeof createServer>;
let user: string | undefined = 'ann@example.com';

beforeAll(async () => {
  page = await servePage({
    port: 0,
    access: proxyAccess({ origin: new URL(ORIGIN), userHeader: 'x-auth-user', secret: SECRET }),
    assets: (path) => (path === '/' ? { type: 'text/html', body: Buffer.from('<p>page</p>') } : undefined),
    api: async (question) => {
      asked.push(question);
      return { ok: true };
    },
    onBug: (error) => expect.unreachable(String(error)),
  });
  proxy = createServer((incoming, answer) => {
    const { 'x-auth-user': _, 'x-orch-proxy-secret': __, ...headers } = incoming.headers;
    const own = { ...headers, 'x-orch-proxy-secret': SECRET, ...(user !== undefined && { 'x-auth-user': user }) };
    const { method, url } = incoming;
    const onwards = request({ host: '127.0.0.1', port: page.port, method, path: url, headers: own });
    onwards.on('response', (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    incoming.pipe(onwards);
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
});

afterAll(() => {
  page.close();
  proxy.close();
});

const host = 'orch.example.com';
const through = (method: string, path: string, headers: Headers = {}, body?: string): Promise<Answer> =>
  sendRaw({ port: (proxy.address() as AddressInfo).port, method, path, headers: { host, ...headers }, body });
const around = (headers: Headers, path = '/api/runs'): Promise<Answer> =>
  sendRaw({ port: page.port, method: 'GET', path, headers: { host, ...headers } });
const json = { 'content-type': 'application/json', origin: ORIGIN };

const errorOf = ({ status, body }: Answer): [number, string] => [
  status,
  (JSON.parse(body) as { error: { message: string } }).error.message,
];

describe('through the proxy', () => {
  test('the page needs no token, and what is asked is asked by the user', async () => {
    expect((await through('GET', '/')).status).toBe(200);
    expect((await through('POST', '/api/runs/a/verbs', json, '{"verb":"pause"}')).status).toBe(200);
    expect(asked.at(-1)).toMatchObject({ path: ['runs', 'a', 'verbs'], asker: { user: 'ann@example.com' } });
  });

  test('nobody is who they say they are', async () => {
    await through('GET', '/api/runs', { 'x-auth-user': 'root@example.com' });
    expect(asked.at(-1)!.asker).toEqual({ user: 'ann@example.com' });
  });

  test.each([[undefined], [''], [' '], ['a'.repeat(201)], ['ann, root']])(
    'a proxy that says %j is the user gets nothing done',
    async (said) => {
      user = said;
      try {
        const before = asked.length;
        expect(errorOf(await through('GET', '/api/runs'))).toEqual([
          401,
          'The proxy has not said who asks: x-auth-user must hold one name',
        ]);
        expect(asked.length).toBe(before);
      } finally {
        user = 'ann@example.com';
      }
    },
  );

  test('a page of another site changes nothing', async () => {
    for (const origin of ['https://evil.example', 'http://orch.example.com', 'null']) {
      const answer = await through('POST', '/api/runs/a/verbs', { ...json, origin }, '{"verb":"pause"}');
      expect(errorOf(answer)).toEqual([403, "Only pages of orch's page itself may send this"]);
    }
    expect(errorOf(await through('GET', '/api/runs', { 'sec-fetch-site': 'cross-site' }))).toEqual([
      403,
      "A page of another site may not use orch's page",
    ]);
    expect(errorOf(await through('GET', '/', { host: 'evil.example' }))).toEqual([
      421,
      "This is orch's page. It is available at https://orch.example.com, not at evil.example",
    ]);
  });

  test('there are no sessions to open', async () => {
    expect((await through('POST', '/api/session', json, '{"token":"x"}')).status).toBe(200);
    expect(asked.at(-1)!.path).toEqual(['session']); // a question like others, which the API does not know
  });
});

describe('without the proxy', () => {
  test.each<[string, Headers]>([
    ['without a secret', { 'x-auth-user': 'ann@example.com' }],
    ['with a wrong one', { 'x-auth-user': 'ann@example.com', 'x-orch-proxy-secret': `${SECRET}x` }],
    ['with two', { 'x-auth-user': 'ann@example.com', 'x-orch-proxy-secret': [SECRET, 'x'] }],
    ['with a token', { 'x-auth-user': 'ann@example.com', cookie: 'orch_ui_1=x', 'x-orch-key': 'x' }],
  ])('nothing is told, %s', async (_, headers) => {
    const before = asked.length;
    for (const path of ['/', '/api/runs']) {
      expect(errorOf(await around(headers, path))).toEqual([403, "orch's page is available through its proxy only"]);
    }
    expect(asked.length).toBe(before);
  });

  test('a second name beside that of the proxy is refused', async () => {
    const two = { 'x-orch-proxy-secret': SECRET, 'x-auth-user': ['ann@example.com', 'root@example.com'] };
    expect((await around(two)).status).toBe(401);
  });
});
