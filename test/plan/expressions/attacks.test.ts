import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { evaluate, parseExpression, type Evaluation } from '../../../src/plan/expressions/index.js';
import type { Json } from '../../../src/plan/model/values.js';
import { problemsOf, run, VALUES } from './support.js';
import { propertyRuns } from '../../support/property-runs.js';

/** Far above what any takes here, far below what a hang would. */
const LIMIT_MS = 60_000;

function timed<T>(work: () => T): T {
  const start = performance.now();
  const result = work();
  expect(performance.now() - start).toBeLessThan(LIMIT_MS);
  return result;
}

function codesOf(text: string): string[] {
  return timed(() => problemsOf(text)).map(({ code }) => code);
}

describe('what is too large is refused before it is read', () => {
  it.each([
    ['100 kB', `'${'a'.repeat(100_000)}'`],
    ['50,000 parentheses', `${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
    ['4,000 parentheses', `${'('.repeat(4000)}1${')'.repeat(4000)}`],
    ['lists in lists', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['signs', `${'!'.repeat(5000)}true`],
    ['minus signs with spaces', `${'- '.repeat(3000)}1`],
    ['conditionals', `${'true?1:'.repeat(1000)}1`],
    ['a long chain of operators', `1${'+1'.repeat(4000)}`],
    ['a chain of operators above the depth', `1${' + 1'.repeat(300)}`],
    ['a long chain of members', `inputs.n${'.a'.repeat(4000)}`],
    ['a long chain of calls', `inputs.list${'.map(x,x)'.repeat(800)}`],
  ])('%s', (_, text) => {
    expect(codesOf(text)).toEqual(['expression_too_long']);
  });

  it('and what is only unfinished is a mistake like others', () => {
    expect(codesOf('['.repeat(60))).toEqual(['expression_syntax']);
  });

  it('but 64 levels and 200 operators are not', () => {
    expect(run(`${'('.repeat(64)}1${')'.repeat(64)}`)).toEqual({ ok: true, value: 1 });
    expect(run(`1${' + 1'.repeat(200)}`)).toEqual({ ok: true, value: 201 });
  });
});

describe('no expression reaches the host', () => {
  it.each([
    "__import__('os').system('id')",
    "constructor.constructor('return process')()",
    'globalThis.process.exit(1)',
    'process.env.HOME',
    'this',
    'prev.a.__class__',
    'prev.a.constructor',
    'prev.a.__proto__',
    "prev.a['__proto__']",
    'env.constructor.name.length()',
    'run.constructor',
    'prev.constructor.name',
    'google.protobuf.Timestamp',
    'cel.bind(x, 1, x)',
    'optional.of(1)',
    'type(1)',
    "require('fs')",
    'eval("1")',
    '`id`',
    '[1].constructor("x")',
    'cel',
  ])('%s is refused', (text) => {
    expect(codesOf(text).length).toBeGreaterThan(0);
  });

  it.each(['env.constructor', 'env.__proto__', "env['toString']", 'env.hasOwnProperty'])(
    '%s is an unset variable',
    (text) => {
      expect(run(text)).toEqual({ ok: true, value: '' });
    },
  );

  it.each([
    'inputs.constructor',
    'inputs.toString',
    'inputs.__proto__',
    'prev.a.outputs.constructor',
    'prev.a.outputs.valueOf',
    "prev['constructor'].status",
    "prev['__proto__'].status",
    'inputs.mode.constructor',
    'inputs.mode.length',
    'inputs.list.length',
    "inputs.list['constructor']",
    'inputs.n.toFixed',
    'item.constructor',
    "item['__proto__']",
    "{'a': 1}.constructor",
    "{'a': 1}['toString']",
    '[1][0].constructor',
    "'x'.constructor",
    'inputs.list.map(x, x.constructor)',
  ])('%s has no value', (text) => {
    const parsed = parseExpression(text);
    expect(parsed.ok && evaluate(parsed.value, VALUES).ok).toBe(false);
  });

  it('keeps the odd keys of data as data', () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "then": 3}') as Json;
    const values = { ...VALUES, inputs: { n: value } };
    expect(JSON.stringify(run('inputs.n', values))).toBe(JSON.stringify({ ok: true, value }));
    expect(run("inputs.n['__proto__'].x", values)).toEqual({ ok: true, value: 1 });
    expect(run('inputs.n.then', values)).toEqual({ ok: true, value: 3 });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('no expression works for ever', () => {
  const hundred = `[${Array.from({ length: 100 }, (_, index) => index).join(',')}]`;
  const big = {
    ...VALUES,
    inputs: {
      n: Array.from({ length: 20_000 }, (_, index) => index),
      s: 'a'.repeat(1_000_000),
      t: `${'a'.repeat(500_000)}b`,
    },
  };

  function nested(depth: number, body: string): string {
    const heads = Array.from({ length: depth }, (_, level) => `l${level}.map(x${level}, `).join('');
    return heads.replaceAll(/l\d+/g, hundred) + body + ')'.repeat(depth);
  }

  function attack(text: string): Evaluation {
    return timed(() => run(text, big));
  }

  it.each([
    ['loops in loops', nested(6, '0')],
    ['loops that swallow errors', nested(6, "dyn(x0) > 'a'").replaceAll('.map(', '.exists(')],
    ['a loop over a large list in itself', 'inputs.n.map(x, inputs.n.map(y, x + y))'],
    ['a search in a loop', 'inputs.n.filter(x, !(x in inputs.n))'],
    ['equality in a loop', 'inputs.n.all(x, inputs.n == [inputs.n, inputs.n][0] + [] || true)'],
    ['a list doubled over and over', `[1]${'.map(x, [x, x])'.repeat(100)}`],
    ['a list added to itself', `${'['.repeat(30)}inputs.n + inputs.n${`].map(x, x + x)`.repeat(30)}`],
    ['shared parts compared', `[1]${'.map(x, [x, x, x, x, x, x, x, x])'.repeat(20)}.map(y, y == y)`],
    ['a string doubled', `['aaaaaaaaaaaaaaaa']${'.map(x, x + x)'.repeat(60)}`],
    ['a slow search', 'inputs.s.contains(inputs.t) || inputs.t.indexOf(inputs.s) > 0'],
    ['a large join', 'inputs.n.map(x, string(x)).join(inputs.s)'],
    ['large copies in a loop', 'inputs.n.map(x, inputs.n + inputs.n)'],
    ['errors swallowed by or', `(${nested(6, '0')} == []) || true`],
  ])('%s', (_, text) => {
    const result = attack(text);
    expect(result.ok ? undefined : result.message).toMatch(/takes too long|too large/);
  });

  it('and honest work on large lists is done', () => {
    expect(attack('inputs.n.filter(x, x % 2 == 0).map(x, x * 2).size()')).toEqual({ ok: true, value: 10_000 });
    expect(attack("inputs.s.contains('ab') || inputs.t.endsWith('ab')")).toEqual({ ok: true, value: true });
  });

  it.each([
    'inputs.n.map(x, x + 1).size() > 1 && inputs.n.exists(x, inputs.n.exists(y, y > 0))',
    "inputs.n.filter(x, inputs.n.map(y, string(y)).join('----------------').contains('------------' + string(x))).size() > 0",
  ])('the same evaluation costs the same each time: %s', (text) => {
    const parsed = parseExpression(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const boundary = (size: number) =>
      evaluate(parsed.value, { ...VALUES, inputs: { n: Array.from({ length: size }, (_, index) => -index) } }).ok;
    let fits = 1;
    let exceeds = 5000;
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2);
      if (boundary(middle)) fits = middle;
      else exceeds = middle;
    }
    // The first time, as after a replay, and when others went before.
    const again = parseExpression(text);
    if (again.ok) parsed.value = again.value;
    expect([fits, exceeds, exceeds, fits, fits].map(boundary)).toEqual([true, false, false, true, true]);
  });

  it('data that is nested too deeply is an error', () => {
    let deep: Json = 1;
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    expect(timed(() => run('inputs.n', { ...VALUES, inputs: { n: deep } }))).toEqual({
      ok: false,
      message: 'a value is nested more than 200 levels deep',
    });
  });
});

describe('random texts', () => {
  const tokens = [
    'prev',
    '.a',
    '.status',
    "['kebab-id']",
    '.outputs',
    '.files',
    'env',
    '.X',
    'inputs',
    '.n',
    '.list',
    'run.id',
    'item',
    'index',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '?',
    '==',
    '!=',
    '<',
    '&&',
    '||',
    '!',
    '-',
    '+',
    '*',
    '/',
    '%',
    ' in ',
    '1',
    '2.5',
    '0x1f',
    "'s'",
    '"',
    "'",
    'true',
    'null',
    'has(',
    'size(',
    '.map(x,',
    '.exists(y,',
    '.filter(x, x)',
    '.all(',
    'x',
    'y',
    '.join(',
    '//',
    '\n',
    ' ',
    '\\',
    'é',
    '😀',
    '__proto__',
    'b',
    'r',
  ];
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ maxLength: 60 }),
    fc.array(fc.constantFrom(...tokens), { maxLength: 25 }).map((parts) => parts.join('')),
  );

  it('never throw, and the same text always gives the same', () => {
    fc.assert(
      fc.property(text, (candidate) => {
        const once = parseExpression(candidate);
        const problems = problemsOf(candidate);
        expect(problemsOf(candidate)).toEqual(problems);
        for (const { message, offset } of problems) {
          expect(message).not.toBe('');
          if (offset !== undefined) expect(offset).toBeLessThanOrEqual(candidate.length);
        }
        if (once.ok) expect(evaluate(once.value, VALUES)).toEqual(evaluate(once.value, VALUES));
      }),
      { numRuns: propertyRuns(500) },
    );
  });
});
