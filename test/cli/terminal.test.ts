import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { terminalFilter } from '../../src/cli/logs/terminal-filter.js';
import { forPeople } from '../../src/cli/render/format.js';
import { table } from '../../src/cli/render/table.js';
import { loopSummary, nowLine, turnLine } from '../../src/cli/render/loop.js';
import { createStyles, paint } from '../../src/cli/terminal.js';
import { callCli, sharedStateDir, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId, writePlan } from '../support/plans.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const CHROMIUM = '/usr/bin/chromium';
/** Colours, the clipboard, a link, 8-bit codes, overwriting, directions, line ends, and a line that looks like ours. */
const EVIL =
  'a\u001b[31mb\u001b]52;c;ZXZpbA==\u0007c\u001b]8;;http://e/\u001b\\d\u009b2Je\u0085f\u0007\u0008g\rover\u202eh\u2066i\u2069j\u200fk\u2028l\u001b\nFORGED success deploy';
const UNSAFE = /(?![\t\n])\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/u;
/** What orch writes itself: its styles, and what redraws the lines of a running run. */
// oxlint-disable-next-line no-control-regex
const OWN = /\u001b\[(?:[12349]|2[24]|3[1-69]|39)m|\u001b\[(?:[0-2]?K|[0-9]+[AB]|G|0?J|\?25[lh]|\?2026[hl])/g;

function expectSafe(text: string): void {
  const found = UNSAFE.exec(text);
  expect(found === null ? '' : JSON.stringify(text.slice(Math.max(0, found.index - 80), found.index + 40))).toBe('');
  expect(text).not.toMatch(/^ {0,3}FORGED/m);
}

describe('what is written to a terminal', () => {
  const colors = createStyles(true);

  test('is escaped but for styles of ours, whatever it holds', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(EVIL, '\u001b', '[31m', '\u009b')));
    fc.assert(
      fc.property(texts, texts, (plain, styled) => {
        const painted = paint(`${plain.join('')}${colors.red(colors.bold(styled.join('')))}`);
        expect(UNSAFE.test(painted.replace(OWN, ''))).toBe(false);
        expect(painted.match(OWN)).toEqual(['\u001b[31m', '\u001b[1m', '\u001b[22m', '\u001b[39m']);
      }),
    );
  });

  test('says in JSON the same as before', () => {
    const value = { [EVIL]: [EVIL] };
    const painted = paint(JSON.stringify(value, null, 2));
    expectSafe(painted);
    expect(JSON.parse(painted)).toEqual(value);
  });

  test('is one line for each text of a view, but for the ends of logs', () => {
    expect(
      forPeople({ message: 'a\r\n  b', stdout_tail: 'a\r\nb', list: [{ x: 'c\u0085d\u202e' }], n: 1, no: null }),
    ).toEqual({
      message: 'a b',
      stdout_tail: 'a\nb',
      list: [{ x: 'c d\\u202e' }],
      n: 1,
      no: null,
    });
    expectSafe(
      table([
        [EVIL, EVIL],
        ['a', 'b'],
      ]),
    );
  });

  test('of loops: every field of turns, of where they stand and how they ended', () => {
    const plain = createStyles(false);
    const turn = {
      seq: 1,
      iteration: 1,
      role: EVIL,
      prompt: EVIL,
      agent: EVIL,
      decision: EVIL,
      status: 'failed',
      words: EVIL,
    };
    const failure = {
      iteration: 1,
      role: EVIL,
      actor: EVIL,
      prompt: EVIL,
      phase: 'turn',
      reason: EVIL,
      message: EVIL,
      log_dir: EVIL,
    };
    const view = {
      loop_id: EVIL,
      status: 'failed',
      iteration: 1,
      role: EVIL,
      phase: 'turn',
      prompt: EVIL,
      agent: EVIL,
      warnings: [EVIL],
      stop_reason: EVIL,
      failure,
    };
    const shown = [
      turnLine(plain, { ...turn, commit: EVIL } as never),
      loopSummary(plain, view as never),
      nowLine({ loop_id: EVIL, service_status: 'running', view, last_words: EVIL } as never),
      nowLine({ loop_id: EVIL, view: { ...view, waits_for: EVIL } } as never),
      nowLine({ loop_id: EVIL, view, waits_for_worker: { queue: EVIL, role: EVIL } } as never),
      nowLine({ loop_id: EVIL, view: { ...view, status: 'paused' } } as never),
    ];
    for (const text of shown) expectSafe(paint(text));
  });
});

describe('the output of a step on a terminal', () => {
  test('keeps its colours and no other code, wherever it is cut', () => {
    const bytes = Buffer.from(`\u001b[1;32mok\u001b[0m 1%\r2%\r\n${EVIL}\u001b[2J\u001b[?1049hend`);
    const cut = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    const run = (sizes: readonly number[]): string => {
      const filter = terminalFilter();
      let out = '';
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length]!;
        out += filter.take(bytes.subarray(at, at + size));
        at += size;
      }
      return out + filter.end();
    };
    // oxlint-disable-next-line no-control-regex
    const colour = /\u001b\[[\d;]*m/g;
    expect(run([bytes.length]).startsWith('\u001b[1;32mok\u001b[0m 1%\n2%\na\u001b[31mb')).toBe(true);
    expect(run([bytes.length]).endsWith('end\u001b[0m')).toBe(true);
    fc.assert(
      fc.property(cut, (sizes) => {
        expect(UNSAFE.test(run(sizes).replace(colour, ''))).toBe(false);
      }),
    );
  });
});

describe('a run whose every text is hostile', () => {
  const dir = tempDir();
  const id = uniqueId('hostile');
  const file = path.join(dir, 'plan.json');
  let live: CliResult;
  const orch = (...args: string[]): Promise<CliResult> =>
    callCli(args, { cwd: dir, terminal: true, env: { NO_COLOR: undefined, CI: undefined, TERM: 'xterm' } });

  const step = (name: string, more: object): object => ({
    id: name,
    name: EVIL,
    description: EVIL,
    ui_hints: { group: EVIL },
    tags: [EVIL],
    ...more,
  });
  const steps = [
    step('says', { command: 'printf', args: ['%b', '${WORDS}'], env: { WORDS: EVIL } }),
    step('hands', { command: 'cat > "$ORCH_OUTPUT"', shell: true, stdin: JSON.stringify({ words: EVIL }) }),
    step('reads', {
      command: 'sh',
      args: ['-c', 'printf %s "$W" >&2; exit 3', EVIL],
      env: { W: '${{ prev.hands.outputs.words }}' },
      depends_on: ['hands'],
      on_failure: 'continue',
    }),
    step('skipped', { command: 'true', condition: '"\\u001b]0;x\\u0007\\u202e" == "b"' }),
    step('locked', { command: 'true', locks: [`l${EVIL}`] }),
    step('absent', { command: `/nowhere/${EVIL}`, on_failure: 'continue' }),
    step('lost', { command: 'true', cwd: `nowhere${EVIL}`, on_failure: 'continue' }),
    step('ask', { step_def: { type: 'approval', message: EVIL, approvers: [EVIL] } }),
  ];

  beforeAll(async () => {
    mkdirSync(dir, { recursive: true });
    const metadata = { project: EVIL, tags: [EVIL], x: EVIL };
    writePlan(dir, {
      description: EVIL,
      project: EVIL,
      tags: [EVIL],
      metadata,
      inputs: { IN: { default: EVIL, description: EVIL } },
      outputs: { all: '${{ prev.hands.outputs.words }}' },
      steps,
    });
    const { code, stderr } = await orch('start', file, '--id', id);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
    const following = orch('watch', id);
    await eventually('it asks', async () => (await orch('status', id)).stdout.includes('waiting') || undefined);
    waiting.push(
      await orch('explain', id, 'ask'),
      await orch('status', id),
      await orch('reject', id, 'ask', '--by', 'x', '--comment', EVIL),
    );
    waiting.push(await orch('reject', id, 'ask', '--by', EVIL, '--comment', EVIL));
    live = await following;
  });
  const waiting: CliResult[] = [];

  test('while it goes on: watch, status, explain, approvals', () => {
    for (const { stdout, stderr } of [...waiting, live]) expectSafe((stdout + stderr).replace(OWN, ''));
    expect(live.stderr).toContain('\u001b[');
    expect(live.stdout).toContain('failed');
  });

  test.each([
    ...['says', 'reads', 'skipped', 'absent', 'lost', 'ask'].map((name) => ['explain', id, name]),
    ['status', id],
    ['watch', id],
    ['list', '--all'],
    ['locks'],
    ['stats'],
    ['plan', file],
    ['graph', file],
    ['graph', file, '--format', 'dot'],
    ['graph', file, '--json'],
    ['validate', file],
    ['convert', file],
    ['convert', file, '--yaml'],
    ['rerun', id, '--dry-run'],
    ['export', id, '--json'],
    ['export', id, '--events'],
    ['export', id, '--html'],
    ['export', id, '--junit'],
    ['logs', id],
    ['logs', id, '--json'],
    ...['status', 'explain', 'list', 'watch', 'rerun', 'stats', 'locks', 'plan', 'validate'].map((verb) => [
      verb,
      ...({ list: [], stats: [], locks: [], explain: [id, 'ask'], plan: [file], validate: [file] }[verb] ?? [id]),
      ...(verb === 'rerun' ? ['--dry-run'] : []),
      '--json',
    ]),
    ['prune', '--older-than', '9w', '--dry-run'],
  ])('%s %s %s %s', async (...args) => {
    const { stdout, stderr } = await orch(...args);
    // Documents have lines of their own.
    const isDocument = ['--html', '--junit', '--yaml'].includes(args.at(-1)!);
    if (isDocument) expect(UNSAFE.exec((stdout + stderr).replace(OWN, ''))).toBeNull();
    else expectSafe((stdout + stderr).replace(OWN, ''));
    expect(stdout + stderr).not.toBe('');
    expect(stderr).not.toContain('internal error');
  });

  test('documents say the same as before: YAML that is converted, JSON of the plan', async () => {
    const { parse } = await import('yaml');
    const plan: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(parse((await orch('convert', file, '--yaml')).stdout)).toEqual(plan);
    expect(JSON.parse((await orch('convert', file)).stdout)).toEqual(plan);
  });

  test('raw logs: as text with colours on a terminal, byte for byte elsewhere', async () => {
    const shown = (await orch('logs', id, 'says')).stdout;
    // oxlint-disable-next-line no-control-regex
    expect(UNSAFE.test(shown.replace(/\u001b\[\d+m/g, ''))).toBe(false);
    expect(shown).toContain('a\u001b[31mb');
    expect((await callCli(['logs', id, 'says', '--stdout'], { cwd: dir })).stdout).toBe(EVIL);
  });

  test('errors: names of runs, steps, options, commands and files that are not there', async () => {
    writeFileSync(
      path.join(dir, `n${EVIL.replaceAll('/', '_')}.yaml`),
      `plan_id: "a\\e]52;c;x\\a"\nversion: "1.0"\n${EVIL}: 1\n`,
    );
    for (const args of [
      ['status', EVIL],
      ['explain', id, EVIL],
      ['logs', EVIL],
      ['logs', id, EVIL],
      ['skip', id, EVIL],
      ['export', EVIL],
      ['rerun', EVIL],
      ['answer', id, EVIL, EVIL],
      ['approve', id, 'ask', '--by', EVIL],
      ['run', EVIL],
      ['plan', file, '--input', `${EVIL}=1`],
      ['plan', file, '--env', EVIL.replaceAll('=', '')],
      ['run', file, '--only', `${EVIL}0`], // EVIL is a tag of the plan
      ['validate', path.join(dir, `n${EVIL.replaceAll('/', '_')}.yaml`)],
      ['list', '--limit', EVIL],
      ['list', '--status', EVIL],
      ['stats', '--since', EVIL],
      ['prune', '--older-than', EVIL],
      ['loop', 'status', EVIL],
      ['loop', EVIL],
      [EVIL],
      [`--${EVIL}`],
    ]) {
      const { code, stdout, stderr } = await orch(...args);
      expect([args[0], code]).not.toEqual([args[0], 0]);
      expect(stderr).not.toContain('internal error');
      expectSafe((stdout + stderr).replace(OWN, ''));
    }
  });

  test.skipIf(!existsSync(CHROMIUM))('the page in Chromium: text stays text, and no sign turns it round', async () => {
    const page = path.join(dir, 'run.html');
    expect((await orch('export', id, '--html', '--out', page)).code).toBe(0);
    const dom = execFileSync(
      CHROMIUM,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${path.join(dir, 'chromium')}`,
        '--dump-dom',
        pathToFileURL(page).href,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(UNSAFE.exec(dom)).toBeNull();
    expect(dom).toContain('FORGED success deploy');
    const tags = new Set([...dom.matchAll(/<([a-z]+)/g)].map(([, tag]) => tag));
    for (const tag of ['script', 'img', 'iframe', 'a', 'link']) expect(tags).not.toContain(tag);
    expect(tags).toContain('svg');
    expect(readFileSync(page, 'utf8').search(UNSAFE)).toBe(-1);
    expect(sharedStateDir()).not.toBe('');
  });
});
