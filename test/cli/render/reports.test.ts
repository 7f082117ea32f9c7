import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeHtml } from '../../../src/cli/render/html/escape.js';
import { layOut } from '../../../src/cli/render/html/layout.js';
import { toHtml } from '../../../src/cli/render/html/page.js';
import { toJunit } from '../../../src/cli/render/junit.js';
import { createFold, type Manifest, type ManifestStep } from '../../../src/journal/index.js';
import { runAbout } from '../../support/run-about.js';

const time = '2026-01-01T00:00:00.000Z';

function manifestWith(steps: Partial<ManifestStep>[], more: Partial<Manifest> = {}): Manifest {
  const { manifest } = createFold(
    runAbout({
      created_at: time,
      steps: steps.map((step, i) => ({
        id: `s${i}`,
        name: `s${i}`,
        kind: 'command',
        depends_on: [],
        fallback_of: null,
        finally: false,
        foreach: false,
        ...step,
      })),
    }),
  );
  manifest.steps.forEach((step, i) => Object.assign(step, steps[i]));
  return { ...manifest, status: 'failed', started_at: time, finished_at: '2026-01-01T00:00:10.000Z', ...more };
}

/** Text that would be markup, end a section, or is none that a document may hold. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '</script><img src=x onerror=alert(1)>',
    ']]>',
    '<![CDATA[',
    '"><svg onload=x>',
    "' onclick='x",
    '&#x3c;script>',
    '\u0000\u0008\u001b[31m',
    '\ud800',
    '\ufffe\uffff',
    '\u202edlrow',
    '<!--',
    '-->',
  ),
);
const attempt = (log: string): ManifestStep['attempts'][number] => ({
  attempt: 1,
  status: 'failed',
  reason: null,
  message: null,
  started_at: time,
  finished_at: time,
  exit_code: 1,
  signal: null,
  host: null,
  stdout: log,
  stderr: null,
});

test('JUnit: whatever names, messages and logs hold, the document is well-formed XML of allowed characters', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, hostile, (id, message, log, plan) => {
      const step = { id, status: 'failed' as const, reason: 'exit_non_zero', message, attempts: [attempt('x')] };
      const xml = toJunit(manifestWith([step], { plan_id: plan }), () => log);
      // oxlint-disable-next-line no-control-regex
      expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      expect(xml).not.toMatch(/\p{Cs}/u);
      const tags = [...xml.matchAll(/<[^>]*>/g)].map(([tag]) => /^<[?/]?([a-z-]+)/.exec(tag)?.[1]);
      expect(new Set(tags)).toEqual(
        new Set([
          'failure',
          'properties',
          'property',
          ...(xml.includes('<system-out') ? ['system-out'] : []),
          'testcase',
          'testsuite',
          'testsuites',
          'xml',
        ]),
      );
      expect(xml).not.toContain(']]>');
      expect(xml.replace(/&(?:amp|lt|gt|quot|#9|#10);/g, '')).not.toContain('&');
    }),
    { numRuns: 300 },
  );
});

test('HTML: what agents said and cost, step by step and in all', () => {
  const agent = {
    name: 'codex',
    verdict: 'warn',
    message: '<b>look</b>',
    turns: 3,
    fix_rounds: 2,
    tokens: 1200,
    cost_usd: 0.5,
    wall_sec: 9,
  };
  const html = toHtml(
    manifestWith([{ status: 'warning', agent }, { status: 'success', agent: { ...agent, tokens: 300 } }, {}]),
    () => '',
  );
  expect(html).toContain('agent codex: warn · 3 turns, 2 of them to fix · 1200 tokens, $0.50');
  expect(html).toContain('&lt;b&gt;look');
  expect(html).toContain('<dt>Agents</dt><dd>1500 tokens, $1.00</dd>');
});

test('JUnit: what counts as failure, error and skipped', () => {
  const xml = toJunit(
    manifestWith([
      { status: 'success' },
      { status: 'warning', reason: null },
      { status: 'failed', reason: 'exit_non_zero' },
      { status: 'failed', reason: 'lost' },
      { status: 'failed', reason: 'exit_non_zero', recovered: true },
      { status: 'canceled', reason: 'operator' },
      { status: 'canceled', reason: 'aborted' },
      { status: 'skipped', reason: 'condition_false' },
      {
        status: 'failed',
        instances: [
          {
            index: 0,
            status: 'success',
            reason: null,
            message: null,
            started_at: null,
            finished_at: null,
            attempts: [],
          },
          {
            index: 1,
            status: 'failed',
            reason: 'timeout',
            message: 'x',
            started_at: null,
            finished_at: null,
            attempts: [],
          },
        ],
      },
    ]),
    () => '',
  );
  expect(xml).toContain('tests="10" failures="2" errors="2" skipped="2" time="10.000"');
  expect(xml).toContain('<testcase name="s8[1]"');
});

const page = (text: string): string =>
  toHtml(
    manifestWith(
      [{ id: text, name: text, status: 'failed', message: text, reason: text, by: text, attempts: [attempt(text)] }],
      {
        run_id: text,
        plan_id: text,
        description: text,
        inputs: { [text]: text },
        tags: [text],
      },
    ),
    () => `x${text}`,
  );

const tags = (html: string): string[] =>
  [...html.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)].map((match) => match[1]!.toLowerCase());

test('HTML: no text becomes a tag or an attribute', () => {
  const known = tags(page('plain')).sort();
  fc.assert(
    fc.property(hostile, (text) => {
      if (text === '') return;
      const html = page(text);
      expect(tags(html).sort()).toEqual(known);
      expect(html).not.toMatch(/\p{Cs}/u);
    }),
    { numRuns: 200 },
  );
  expect(escapeHtml(`<a href="x" o='y'>&\u0007\u202e`)).toBe(
    '&lt;a href=&quot;x&quot; o=&#39;y&#39;&gt;&amp;\\u0007\\u202e',
  );
});

test('the graph: every step right of all that it waits for, `finally` last, and edges through the gaps', () => {
  const { steps } = manifestWith([
    {},
    { depends_on: ['s0'] },
    { depends_on: ['s1', 's0'] },
    { fallback_of: 's1' },
    { finally: true },
    { finally: true, depends_on: ['s4'] },
  ]);
  const { columns, edges } = layOut(steps, true);
  const column = (item: number): number => columns.findIndex((items) => items.includes(item));
  expect([0, 1, 2, 3, 4, 5].map(column)).toEqual([0, 1, 2, 2, 3, 4]);
  expect(edges).toContainEqual([0, 6, 2]); // past s1, through a gap beside it
  expect(column(6)).toBe(1);
  for (const way of edges)
    for (let i = 1; i < way.length; i += 1) expect(column(way[i]!)).toBe(column(way[i - 1]!) + 1);
});

test('pages of no steps and of many are made', () => {
  expect(toHtml(manifestWith([]), () => '')).toContain('No step has started.');
  const many = Array.from({ length: 2000 }, (_, i) => ({
    status: 'success' as const,
    started_at: time,
    finished_at: time,
    depends_on: i < 2 ? [] : [`s${i - 1}`, `s${i - 2}`],
  }));
  expect(toHtml(manifestWith(many), () => '')).toContain('edges are not drawn');
});

test('HTML: of a hundred thousand steps it shows those that matter, in a page that opens', () => {
  const steps = Array.from({ length: 100_000 }, (_, i): Partial<ManifestStep> => {
    const finished_at = new Date(Date.parse(time) + (i === 70_000 ? 9_000 : 10)).toISOString();
    return { id: `s${i}`, status: i === 99_999 ? 'failed' : 'success', started_at: time, finished_at };
  });
  const page = toHtml(manifestWith(steps), () => '');
  expect(page.length).toBeLessThan(4_000_000);
  expect(page.match(/<tr><td class="id">/g)).toHaveLength(2000);
  expect(page).toContain('<td class="id">s99999</td>');
  expect(page).toContain('<title>s70000: success after 9.0s</title>');
  expect(page.replaceAll(/<[^>]*>/g, ' ')).toMatch(/A graph of 100000 steps is not drawn/);
});

test('HTML: the executions of a step that was tried ten thousand times are not all drawn', () => {
  const attempts = Array.from({ length: 10_000 }, () => attempt('x'));
  const page = toHtml(
    manifestWith([{ id: 'a', status: 'failed', started_at: time, finished_at: time, attempts }]),
    () => '',
  );
  expect(page.length).toBeLessThan(150_000);
});
