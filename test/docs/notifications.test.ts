import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postMessage } from '../../src/activities/notify/webhook.js';
import { loadPlanText } from '../../src/plan/index.js';
import { readUserConfig } from '../../src/plan/files/user-config.js';
import { REPO } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { messageOf } from '../support/notifications.js';
import { tempDir } from '../support/plans.js';

const page = readFileSync(path.join(REPO, 'docs', 'notifications.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text]) => text!);

let receiver: ChildProcess;
let url = '';
let printed = '';

beforeAll(async () => {
  const file = path.join(tempDir(), 'receiver.mjs');
  writeFileSync(file, blocks('js')[0]!);
  const port = await freePort();
  url = `http://127.0.0.1:${port}/hook`;
  receiver = spawn(process.execPath, [file], { env: { ...process.env, HOOK_KEY: 'the key', PORT: String(port) } });
  receiver.stdout!.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await eventually('it listens', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
});
afterAll(() => void receiver.kill());

test('the receiver of the docs takes what orch sends, once, and nothing else', async () => {
  const message = messageOf('run-1');
  const told = { place: 'webhook', signal: new AbortController().signal };
  expect(await postMessage({ url, secret: 'the key' }, message, told)).toEqual({ ok: true });
  expect(await postMessage({ url, secret: 'the key' }, message, told)).toEqual({ ok: true });
  const refused = { ok: false, reason: 'http_status', message: 'it answered 401', retryable: false };
  expect(await postMessage({ url, secret: 'another key' }, message, told)).toEqual(refused);
  expect(await postMessage({ url }, message, told)).toEqual(refused);
  await eventually('it says so', () => printed.includes('waits'));
  expect(printed).toBe('run-1 waits\n');
});

test('the plan and the configuration of the docs are good', () => {
  const [plan = '', config = ''] = blocks('yaml');
  const loaded = loadPlanText(plan);
  expect(loaded.ok ? loaded.value.diagnostics : loaded.error).toEqual([]);
  expect(readUserConfig(config, 'config.yaml')).toMatchObject({ ok: true, value: { notifiers: [{}, {}] } });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
