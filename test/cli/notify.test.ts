import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Notification } from '../../src/contract/notify.js';
import type { RunEvent } from '../../src/contract/events.js';
import { callCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { OwnService, TAKE_OVER_MS, textOf, type Orch } from '../support/own-service.js';
import { steady } from '../support/plans.js';

const KEY = 'the-signing-key';
const service = new OwnService();
const receiver = new (class {
  readonly got: { path: string; status: number; headers: IncomingHttpHeaders; body: Notification }[] = [];
  /** Statuses for a path, in turn; then 200. */
  readonly statuses = new Map<string, number[]>();
  readonly server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { url: at = '', headers } = request;
      const status = this.statuses.get(at)?.shift() ?? 200;
      this.got.push({ path: at, status, headers, body: JSON.parse(body) as Notification });
      if (headers['orch-signature'] !== undefined) {
        const time = headers['orch-timestamp'] as string;
        expect(headers['orch-signature']).toBe(
          `v1=${createHmac('sha256', KEY).update(`${time}.${body}`).digest('hex')}`,
        );
      }
      response.writeHead(status).end();
    });
  });
  origin = '';
  at(place: string): (typeof this.got)[0][] {
    return this.got.filter((each) => each.path === place);
  }
})();

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
  receiver.origin = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`;
  await service.up();
});
afterAll(async () => {
  await service.down('--stop-steps');
  service.killLeftovers();
  receiver.server.closeAllConnections();
  receiver.server.close();
});

/** A plan whose webhook has its URL and its key from secrets. */
function hooked(place: string, on: string[], more: object[] = []): { globals: (files: string) => object } {
  return {
    globals: (files) => {
      mkdirSync(files, { recursive: true });
      writeFileSync(path.join(files, 'hook'), `${receiver.origin}${place}`);
      writeFileSync(path.join(files, 'key'), KEY);
      return {
        cwd: files,
        secrets: { HOOK: { file: path.join(files, 'hook') }, KEY: { file: path.join(files, 'key') } },
        notify: [{ on, webhook: { url: '${{ secrets.HOOK }}', secret: '${{ secrets.KEY }}' } }, ...more],
      };
    },
  };
}

async function start(
  prefix: string,
  globals: (files: string) => object,
  steps: (files: string) => Record<string, unknown>[],
  call?: Orch,
): Promise<{ id: string; files: string }> {
  const more: Record<string, unknown> = {};
  const made = (files: string): Record<string, unknown>[] => {
    more['globals'] = globals(files);
    return steps(files);
  };
  return service.start(prefix, made, { more, ...(call === undefined ? {} : { call }) });
}

function eventsOf(id: string): RunEvent[] {
  const file = path.join(service.state, 'runs', id, 'events.ndjson');
  return textOf(file)
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RunEvent]));
}

/** What the record says of notifications, in short. */
function toldIn(id: string): unknown[] {
  return eventsOf(id).flatMap((event) =>
    event.type === 'notification-sent'
      ? [[event.event, event.to]]
      : event.type === 'notification-failed'
        ? [[event.event, event.to, event.reason, event.message]]
        : [],
  );
}

const ask = {
  id: 'ask',
  shell: undefined,
  step_def: { type: 'approval', message: 'Release v1.2?', approvers: ['ann'] },
};

test('a question and the end of a run are told once each, through refusals and the death of a worker', async () => {
  receiver.statuses.set('/t0ken-1', [503, 429]);
  const config = path.join(service.dir, 'config.yaml');
  writeFileSync(config, `notify:\n  - on: succeeded\n    webhook: { url: "${receiver.origin}/own-t0ken" }\n`);
  const withConfig: Orch = (...args) =>
    callCli(args, { cwd: service.dir, env: { ORCH_STATE_DIR: service.state, ORCH_CONFIG: config } });
  const slow = {
    on: ['waiting', 'succeeded'],
    env: { HIDDEN: '${{ secrets.KEY }}' },
    command:
      'echo "begin $ORCH_EVENT $HIDDEN" >> told; cat > "$ORCH_EVENT.json"; until [ -e go ]; do sleep 0.05; done; echo "end $ORCH_TEXT" >> told',
  };
  const plan = hooked('/t0ken-1', ['waiting', 'succeeded'], [slow]);
  const { id, files } = await start('told', plan.globals, () => [ask], withConfig);
  const told = path.join(files, 'told');
  await eventually('the command runs', () => textOf(told).includes('begin'), TAKE_OVER_MS);
  // A worker that dies between the answer and its note sends the message again: that it was noted is waited for here.
  await eventually('the webhook has it', () => toldIn(id).length === 1, TAKE_OVER_MS);
  await service.killWorker();
  writeFileSync(path.join(files, 'go'), '');
  await service.orch('up');
  await eventually('both are noted', () => toldIn(id).length === 2, TAKE_OVER_MS);
  expect(receiver.at('/t0ken-1').map(({ status }) => status)).toEqual([503, 429, 200]);
  expect(new Set(receiver.at('/t0ken-1').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);

  const waiting = await service.orch('list', '--waiting');
  expect(waiting.stdout).toBe(
    `  ${id}  ask: waiting for ann: Release v1.2?\n      orch approve ${id} ask --by ann   or: orch reject ${id} ask --by ann\n`,
  );
  const status = await service.orch('status', id);
  expect(steady(status.stdout)).toContain('  waiting  ask           for ann: Release v1.2?\n');
  const [answer] = (JSON.parse(textOf(path.join(files, 'waiting.json'))) as Notification).answers;
  expect(answer).toBe(`orch approve ${id} ask --by ann`);
  expect((await service.orch(...answer!.split(' ').slice(1))).code).toBe(0);

  expect((await service.ended(id)).status).toBe('succeeded');
  expect(textOf(told)).toBe(
    `begin waiting ${KEY}\nend ${id} waits for ann: Release v1.2?\nbegin succeeded ${KEY}\nend ${id} succeeded\n`,
  );
  const hook = 'webhook (its URL is in the secret HOOK)';
  expect(new Set(toldIn(id).map((each) => JSON.stringify(each)))).toEqual(
    new Set(
      [
        ['waiting', hook],
        ['waiting', 'command echo'],
        ['succeeded', hook],
        ['succeeded', 'command echo'],
        ['succeeded', `webhook ${receiver.origin}`],
      ].map((each) => JSON.stringify(each)),
    ),
  );
  expect(toldIn(id)).toHaveLength(5);
  const events = eventsOf(id);
  const end = events.at(-1)!;
  expect(end).toMatchObject({ type: 'run-finished', status: 'succeeded', finished_at: expect.any(String) as string });
  const record = readFileSync(path.join(service.state, 'runs', id, 'manifest.json'), 'utf8');
  expect((JSON.parse(record) as { finished_at: string }).finished_at).toBe(
    (end as { finished_at: string }).finished_at,
  );
  const shown = [record, status.stdout, waiting.stdout, JSON.stringify(events)].join('\n');
  expect(shown).not.toMatch(/t0ken|the-signing-key/);
  const history = await service.signedClient().workflow.getHandle(id).fetchHistory();
  expect(Buffer.from(JSON.stringify(history)).toString()).not.toContain(Buffer.from('own-t0ken').toString('base64'));
});

test('a receiver that refuses changes nothing of how a run ends, and is named where one looks', async () => {
  receiver.statuses.set('/t0ken-2', [404]);
  const failing = { on: 'failed', command: 'echo "no $ORCH_FAILED_STEPS the-signing-key" >&2; exit 3' };
  const plan = hooked('/t0ken-2', ['failed'], [failing, { on: ['succeeded'], command: 'touch wrong' }]);
  const { id, files } = await start('refused', plan.globals, () => [{ id: 'bad', command: 'exit 1' }]);
  const ended = await service.orch('watch', id);
  expect(ended.code).toBe(1);
  const lines = [
    "  not told  webhook (its URL is in the secret HOOK) of 'failed': it answered 404",
    "  not told  command echo of 'failed': it exited with code 3: no bad ***",
  ];
  for (const line of lines) expect(ended.stdout).toContain(`${line}\n`);
  const status = await service.orch('status', id);
  for (const line of lines) expect(status.stdout).toContain(`${line}\n`);
  const json = JSON.parse((await service.orch('status', id, '--json')).stdout) as { failed_notifications: object[] };
  expect(json.failed_notifications).toHaveLength(2);
  expect(
    receiver.at('/t0ken-2').map(({ body }) => [body.event, body.text, body.failed.map((each) => each.id)]),
  ).toEqual([['failed', `${id} failed: bad`, ['bad']]]);
  expect(textOf(path.join(files, 'wrong'))).toBe('');
});

test('a quarantine and a cancel are told; a step that waits in vain says so', async () => {
  receiver.statuses.set('/t0ken-3', [200, 400]);
  const plan = hooked('/t0ken-3', ['quarantined', 'waiting', 'canceled']);
  const globals = (files: string): object => ({ ...plan.globals(files), on_abort: 'quarantine' });
  const { id } = await start('held', globals, () => [
    { id: 'bad', command: 'exit 1' },
    { ...ask, depends_on: ['bad'] },
  ]);
  await eventually('it is told', () => toldIn(id).length === 1, TAKE_OVER_MS);
  const [{ body }] = receiver.at('/t0ken-3') as [(typeof receiver.got)[0]];
  expect([body.event, body.text, body.answers]).toEqual([
    'quarantined',
    `${id} is quarantined: bad failed, and the run waits for a decision`,
    [`orch retry ${id} bad`, `orch resume ${id}`],
  ]);
  await service.orch('skip', id, 'bad');
  await eventually('it came to nothing', () => toldIn(id).length === 2, TAKE_OVER_MS);
  const why = await service.orch('explain', id, 'ask');
  expect(why.stdout).toContain(
    'The webhook (its URL is in the secret HOOK) could not be told that it waited: it answered 400 (http_status).',
  );
  await service.orch('cancel', id);
  expect((await service.ended(id)).status).toBe('canceled');
  expect(toldIn(id).at(-1)).toEqual(['canceled', 'webhook (its URL is in the secret HOOK)']);
});

test('a run that goes on in new histories loses no notification, and sends none twice', async () => {
  receiver.statuses.set('/t0ken-4', [503, 503, 503, 503]);
  const plan = hooked('/t0ken-4', ['waiting', 'succeeded']);
  const chain = Array.from({ length: 24 }, (_, i) => ({
    id: `c${i}`,
    command: 'true',
    depends_on: i === 0 ? [] : [`c${i - 1}`],
  }));
  const last = { ...ask, id: 'late', depends_on: ['c23'] };
  process.env['ORCH_TEST_HISTORY_EVENTS'] = '30';
  const { id } = await start('long', plan.globals, () => [ask, ...chain, last]).finally(
    () => delete process.env['ORCH_TEST_HISTORY_EVENTS'],
  );
  await eventually('the second question is told', () => toldIn(id).length === 2, 3 * TAKE_OVER_MS);
  for (const step of ['ask', 'late']) await service.orch('approve', id, step, '--by', 'ann');
  expect((await service.ended(id)).status).toBe('succeeded');
  const accepted = receiver.at('/t0ken-4').filter(({ status }) => status === 200);
  expect(accepted.map(({ body }) => [body.event, body.step?.id])).toEqual([
    ['waiting', 'ask'],
    ['waiting', 'late'],
    ['succeeded', undefined],
  ]);
  const keys = receiver
    .at('/t0ken-4')
    .map(({ headers, body }) => `${headers['idempotency-key'] as string} ${body.event}`);
  expect([keys.length, new Set(keys).size]).toEqual([7, 3]);
  expect(toldIn(id).map((each) => (each as string[])[0])).toEqual(['waiting', 'waiting', 'succeeded']);
  let executions = 0;
  for await (const _ of service.client.workflow.list({ query: `WorkflowId = '${id}'` })) executions += 1;
  expect(executions).toBeGreaterThan(2);
});
