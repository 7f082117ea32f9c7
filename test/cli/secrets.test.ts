import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callCli, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

// A service of its own: its worker has the secret in its environment, and its database is searched.
const SECRET = 'sEcReT/value+with=signs 4711';
const OTHER = 'from-a-file-0815';
let state: string;
let dir: string;
const orch = (...args: string[]): Promise<CliResult> =>
  callCli(args, { cwd: dir, env: { ORCH_STATE_DIR: state, THE_SECRET: SECRET } });

beforeAll(() => {
  state = tempDir();
  dir = tempDir();
  writeFileSync(path.join(dir, 'secret.txt'), `${OTHER}\n`);
});
afterAll(async () => {
  await orch('down');
});

const secrets = {
  TOKEN: { env: 'THE_SECRET' },
  FILE: { file: 'secret.txt' },
  CMD: { command: 'echo printed-$((40+2))' },
};
const hash = (text: string): string => execFileSync('sha256sum', { input: text }).toString().slice(0, 64);
const spellings = [
  SECRET,
  encodeURIComponent(SECRET),
  Buffer.from(SECRET).toString('base64').slice(0, 24),
  OTHER,
  'printed-42',
];

/** Files below a folder that hold one of the texts. */
function filesWith(folder: string, texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    try {
      return execFileSync('grep', ['-rlaF', '--', text, folder], { encoding: 'utf8' }).trim().split('\n');
    } catch {
      return [];
    }
  });
}

describe('secrets', () => {
  test('reach the step, and nothing else: no log, record, history, database or message', async () => {
    const id = uniqueId('secret');
    const print =
      'printf "%s\\n" "$T" "$(printf %s "$T" | base64 -w0)"; printf %s "$T" >&2; cat; printf %s "$T" | sha256sum > "$H"';
    const plan = writePlan(dir, {
      globals: { secrets },
      steps: [
        {
          id: 'use',
          command: `${print}; echo "out=$T" >> "$ORCH_OUTPUT"; echo "hash=$(cut -c-64 "$H")" >> "$ORCH_OUTPUT"`,
          shell: true,
          env: { T: '${{ secrets.TOKEN }}', H: 'hash' },
          stdin: 'in: ${{ secrets.FILE }} and ${{ secrets.CMD }}',
        },
        {
          id: 'fail',
          command: 'echo "$T" >&2; exit 7',
          shell: true,
          env: { T: 'x${{ secrets.TOKEN }}x' },
          depends_on: ['use'],
          retries: 1,
          critical: false,
        },
        {
          id: 'read',
          command: 'echo',
          args: ['${{ prev.use.outputs.out }} ${{ prev.use.outputs.hash }}'],
          depends_on: ['use'],
        },
      ],
    });
    const run = await orch('run', plan, '--id', id, '--json');
    expect([run.code, run.stderr.includes(SECRET)]).toEqual([0, false]);
    expect(readFileSync(path.join(dir, 'hash'), 'utf8').slice(0, 64)).toBe(hash(SECRET));
    const log = (step: string, stream: string): string =>
      readFileSync(path.join(state, 'runs', id, 'steps', step, '1', `${stream}.log`), 'utf8');
    expect(log('use', 'stdout')).toBe('***\n***\nin: *** and ***');
    expect(log('use', 'stderr')).toBe('***');
    expect(log('read', 'stdout')).toBe(`*** ${hash(SECRET)}\n`);
    expect((await orch('logs', id, 'fail')).stdout).toBe('');
    await orch('export', id, '--html');
    const found = filesWith(state, spellings);
    expect(found).toEqual([]);
  });

  test('are hidden in what a running step prints', async () => {
    const id = uniqueId('live');
    const plan = writePlan(dir, {
      steps: [
        {
          id: 'slow',
          secrets,
          command: [
            'A=$(printf %s "$T" | cut -c-12); B=$(printf %s "$T" | cut -c13-)',
            'echo "a $T b"; printf %s "$A"; printf %s "$A" >&2',
            'until [ -e go ]; do sleep 0.1; done',
            'echo "$B"; echo "$B" > /dev/stderr',
            'printf %s "$A" | tee /dev/stderr; echo "$B" | tee -a /dev/stderr',
          ].join('\n'),
          shell: true,
          env: { T: '${{ secrets.TOKEN }}' },
        },
      ],
    });
    await orch('start', plan, '--id', id);
    await eventually('the log shows it', async () => (await orch('logs', id, 'slow')).stdout === 'a *** b\n');
    writeFileSync(path.join(dir, 'go'), '');
    expect((await orch('watch', id)).code).toBe(0);
    // Also where it comes in parts: the rest after a while, or by whoever opens /dev/stderr once more.
    expect(await orch('logs', id, 'slow')).toMatchObject({ stdout: 'a *** b\n***\n***\n', stderr: '***\n***\n' });
    expect(filesWith(state, [SECRET.slice(0, 12), SECRET.slice(12)])).toEqual([]);
  });

  test('that only this shell has are named at the start: the worker runs already', async () => {
    const use = { id: 'a', secrets, command: 'true', shell: true, env: { T: '${{ secrets.TOKEN }}' } };
    const plan = writePlan(dir, { steps: [use] });
    const started = async (value: string): Promise<string> =>
      (await callCli(['start', plan], { cwd: dir, env: { ORCH_STATE_DIR: state, THE_SECRET: value } })).stderr;
    expect(await started(SECRET)).not.toContain('THE_SECRET');
    const told = await started('its-other-value');
    expect(told).toContain(
      'warning: THE_SECRET is set in this shell, but the worker that is already running was started without it, or with another value. `orch down && orch up` restarts it from this shell',
    );
    expect(told).not.toContain('its-other-value');
    const unset = { ...use, secrets: { TOKEN: { env: 'NOWHERE_SET' } } };
    const nowhere = writePlan(dir, { steps: [unset] }, 'nowhere.json');
    const { stderr } = await callCli(['start', nowhere], { cwd: dir, env: { ORCH_STATE_DIR: state } });
    expect(stderr).toContain(
      'warning: NOWHERE_SET is not set for the worker that is running, so steps that need it will',
    );
  });

  test('go into the headers and body of a call, and are hidden in its answer', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization ?? '');
      request.setEncoding('utf8').on('data', (text: string) => seen.push(text));
      request.on('end', () =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ echo: seen })),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const id = uniqueId('call');
    const plan = writePlan(dir, {
      globals: { secrets },
      steps: [
        {
          id: 'call',
          step_def: {
            type: 'http',
            method: 'POST',
            url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
            headers: { Authorization: 'Bearer ${{ secrets.FILE }}' },
            body: { token: '${{ secrets.TOKEN }}' },
          },
        },
        { id: 'read', command: 'echo', args: ['${{ prev.call.outputs.body.echo }}'], depends_on: ['call'] },
      ],
    });
    const { code, stderr } = await orch('run', plan, '--id', id);
    server.close();
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    expect(seen).toEqual([`Bearer ${OTHER}`, JSON.stringify({ token: SECRET })]);
    expect((await orch('logs', id, 'read')).stdout).toContain('***');
    expect(filesWith(state, spellings)).toEqual([]);
  });

  test('do not go to another origin by a redirect', async () => {
    const seen: string[] = [];
    const other = createServer((request, response) => {
      seen.push(JSON.stringify([request.url, request.headers]));
      response.end('{}');
    });
    const first = createServer((_, response) => {
      const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
      response.writeHead(302, { location: to }).end();
    });
    for (const server of [other, first]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(first.address() as AddressInfo).port}/`;
    const headers = { 'X-Key': '${{ secrets.FILE }}', Accept: '${{ secrets.TOKEN }}' };
    const steps = [{ id: 'get', step_def: { type: 'http', url, headers } }];
    const { code } = await orch('run', writePlan(dir, { globals: { secrets }, steps }), '--id', uniqueId('away'));
    for (const server of [other, first]) server.close();
    expect([code, seen.length]).toEqual([0, 1]);
    expect(spellings.filter((each) => seen[0]!.includes(each))).toEqual([]);
  });

  test.each([
    [
      'a variable that is not set',
      { env: 'NOT_SET' },
      /NOT_SET is not set in the environment of the worker, .* `orch down`, then `orch up`/,
    ],
    ['a file that is not there', { file: 'nowhere.txt' }, /file nowhere\.txt failed \(ENOENT\)/],
    ['a command that fails', { command: 'printf le%s aked >&2; exit 3' }, /ended with code 3/],
    ['a value that is too short', { command: 'echo abc' }, /fewer than 4 characters/],
  ])('fail their step with a reason: %s', async (_what, source, message) => {
    const id = uniqueId('missing');
    const plan = writePlan(dir, {
      steps: [{ id: 'a', secrets: { S: source }, env: { S: '${{ secrets.S }}' }, command: 'touch', args: ['ran'] }],
    });
    const { code, stdout } = await orch('run', plan, '--id', id, '--json');
    const [step] = (JSON.parse(stdout) as { steps: { reason: string; message: string }[] }).steps;
    expect([code, step?.reason]).toEqual([1, 'secret_unavailable']);
    expect(step?.message).toMatch(message);
    expect(step?.message).not.toContain('leaked');
    expect(existsSync(path.join(dir, 'ran'))).toBe(false);
  });
});
