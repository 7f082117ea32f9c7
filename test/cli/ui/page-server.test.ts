import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OrchError } from '../../../src/client/errors.js';
import { servePage, type ApiRequest, type Page } from '../../../src/cli/ui/page-server.js';
import { tokenAccess } from '../../../src/cli/ui/access.js';
import { createSessions } from '../../../src/cli/ui/session.js';
import { sendRaw, type Answer } from '../../support/raw-request.js';

const sessions = createSessions();
const asked: ApiRequest[] = [];
const bugs: unknown[] = [];
let page: Page;
let signedIn: { cookie: string; 'x-orch-key': string };

beforeAll(async () => {
  page = await servePage({
    port: 0,
    access: tokenAccess(sessions),
    assets: (path) => (path === '/' ? { type: 'text/html', body: Buffer.from('<p>page</p>') } : undefined),
    api: async (question) => {
      asked.push(question);
      if (question.path[1] === 'gone') throw new OrchError('run_not_found', "There is no run 'gone'", { hint: 'look' });
      if (question.path[1] === 'bug') throw new TypeError('/secret/path is not a function');
      return { ok: true };
    },
    onBug: (error) => bugs.push(error),
  });
  const { headers, body } = await post('/api/session', { token: sessions.token });
  signedIn = {
    cookie: headers['set-cookie']![0]!.split(';')[0]!,
    'x-orch-key': (JSON.parse(body) as { key: string }).key,
  };
});

afterAll(() => page.close());

function send(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  const { port } = page;
  return sendRaw({ port, method, path, headers: { host: `127.0.0.1:${port}`, ...headers }, body });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const own = { origin: `http://127.0.0.1:${page.port}`, 'content-type': 'application/json' };
  return send('POST', path, { ...own, ...headers }, JSON.stringify(body));
}

const errorOf = ({ status, body }: Answer): [number, string] => [
  status,
  (JSON.parse(body) as { error: { message: string } }).error.message,
];

describe('the token', () => {
  test('is traded for a cookie that no script reads and no other site sends', async () => {
    const { status, headers } = await post('/api/session', { token: sessions.token });
    expect(status).toBe(200);
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(new RegExp(`^orch_ui_${page.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`)),
    ]);
    expect(headers['set-cookie']![0]).not.toContain(sessions.token);
  });

  test.each([['another one'], [''], [undefined], [['x']], [null]])('%s is not taken for it', async (token) => {
    const answer = await post('/api/session', { token });
    expect(errorOf(answer)).toEqual([401, 'This is not the token of this page']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('opens nothing in a link: a session is asked for by POST', async () => {
    expect(errorOf(await send('GET', `/api/session?token=${sessions.token}`))).toEqual([
      405,
      'A session is opened by POST',
    ]);
  });
});

describe('a session', () => {
  test('is the cookie and the key together', async () => {
    const { cookie, 'x-orch-key': key } = signedIn;
    const locked: [number, string] = [401, 'Open the address that `orch ui` has printed'];
    const before = asked.length;
    expect(errorOf(await send('GET', '/api/runs'))).toEqual(locked);
    expect(errorOf(await send('GET', '/api/runs', { cookie }))).toEqual(locked);
    expect(errorOf(await send('GET', '/api/runs', { 'x-orch-key': key }))).toEqual(locked);
    expect(errorOf(await send('GET', '/api/runs', { cookie: `${cookie}x`, 'x-orch-key': key }))).toEqual(locked);
    expect(errorOf(await post('/api/runs/a/verbs', { verb: 'pause' }))).toEqual(locked);
    expect(asked.length).toBe(before);
    expect(await send('GET', '/api/runs', { cookie: `other=1; ${cookie}`, 'x-orch-key': key })).toMatchObject({
      status: 200,
      body: '{"ok":true}',
    });
  });

  test('asks for what it names, decoded', async () => {
    await send('GET', '/api/runs/a%2Fb%20c/logs?step=x', signedIn);
    const { method, path, query } = asked.at(-1)!;
    expect([method, path, query.get('step')]).toEqual(['GET', ['runs', 'a/b c', 'logs'], 'x']);
    expect(errorOf(await send('GET', '/api/runs/%E0%A4', signedIn))).toEqual([404, 'There is nothing here']);
  });
});

describe('a page of another site gets nothing', () => {
  test.each([['evil.example'], ['evil.example:80'], ['127.0.0.1.evil.example'], ['localhost@evil.example']])(
    'under the name %j (DNS rebinding)',
    async (host) => {
      for (const answer of [
        await send('GET', '/', { host }),
        await send('GET', '/api/runs', { ...signedIn, host }),
        await post('/api/session', { token: sessions.token }, { host, origin: `http://${host}` }),
      ]) {
        expect(answer.status).toBe(421);
        expect(answer.headers['set-cookie']).toBeUndefined();
      }
    },
  );

  test.each([['http://evil.example'], ['null'], ['http://127.0.0.1:1'], [undefined]])(
    'by a POST from %s',
    async (origin) => {
      const headers = { ...signedIn, 'content-type': 'application/json', ...(origin !== undefined && { origin }) };
      const before = asked.length;
      const answer = await send('POST', '/api/runs/a/verbs', headers, '{"verb":"pause"}');
      expect(errorOf(answer)).toEqual([403, "Only pages of orch's page itself may send this"]);
      expect(asked.length).toBe(before);
    },
  );

  test('by a read of its own, while a link that a person follows opens the page', async () => {
    const foreign = { ...signedIn, 'sec-fetch-site': 'cross-site' };
    const script = { ...foreign, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
    expect((await send('GET', '/api/runs', script)).status).toBe(403);
    const link = { ...foreign, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await send('GET', '/', link)).status).toBe(200);
  });

  test('and cannot frame it, nor have it load or run anything', async () => {
    const { headers } = await send('GET', '/');
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});

test.each([
  '/../../etc/passwd',
  '/..%2f..%2fetc/passwd',
  '/%2e%2e/%2e%2e/etc/passwd',
  '//etc/passwd',
  '/page.html/../../../etc/passwd',
  '/..\\..\\etc\\passwd',
])('no path leads to a file of the machine: %s', async (path) => {
  expect(errorOf(await send('GET', path))).toEqual([404, 'There is nothing here']);
});

test('what is no path at all ends nothing', async () => {
  const socket = connect(page.port, '127.0.0.1');
  socket.write(
    `GET http://127.0.0.1:${page.port}/api/runs HTTP/1.1\r\nHost: 127.0.0.1:${page.port}\r\nConnection: close\r\n\r\n`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /);
  expect(errorOf(await send('GET', '//', {}))).toEqual([404, 'There is nothing here']);
  expect((await send('GET', '/')).status).toBe(200);
});

test('a body that is too large, or none of JSON, is refused', async () => {
  const large = await post('/api/runs/a/verbs', { verb: 'answer', text: 'x'.repeat(600 * 1024) }, signedIn);
  expect(errorOf(large)).toEqual([413, 'The body has more than 524288 bytes']);
  const form = { ...signedIn, 'content-type': 'application/x-www-form-urlencoded' };
  expect(errorOf(await post('/api/runs/a/verbs', {}, form))).toEqual([415, 'The body must be JSON']);
  const own = { ...signedIn, origin: `http://127.0.0.1:${page.port}`, 'content-type': 'application/json' };
  expect(errorOf(await send('POST', '/api/runs/a/verbs', own, '{"verb"'))).toEqual([400, 'The body is not JSON']);
  expect(errorOf(await send('POST', '/api/session', own, 'null'))).toEqual([401, 'This is not the token of this page']);
});

test('other methods are refused', async () => {
  const own = { ...signedIn, origin: `http://127.0.0.1:${page.port}` };
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    expect((await send(method, '/api/runs', own)).status).toBe(405);
  }
});

test('what a command would say is said: a run that is not there', async () => {
  const { status, body } = await send('GET', '/api/runs/gone', signedIn);
  expect([status, JSON.parse(body)]).toEqual([
    404,
    { error: { code: 'run_not_found', message: "There is no run 'gone'", hint: 'look' } },
  ]);
});

test('a mistake of ours is told to the terminal, and not to the page', async () => {
  const { status, body } = await send('GET', '/api/runs/bug', signedIn);
  expect(status).toBe(500);
  expect(body).not.toContain('secret');
  expect(String(bugs.at(-1))).toContain('/secret/path');
});
