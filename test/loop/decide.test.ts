import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { agentFor } from '../../src/loop/agents.js';
import { asksRouter, decideByRouter, decideByRule, decisionLine } from '../../src/loop/decide.js';
import { routerMode } from '../../src/loop/router-modes.js';
import { advance, initialState, nextTurn, turnDone, type LoopState } from '../../src/loop/turns.js';
import type { LoopConfig } from '../../src/loop/types.js';
import { configOf } from './sample.js';

/** Makes turns until the loop is over; `answer` is the router. Gives `iteration role prompt source`. */
function play(config: LoopConfig, iterations: number, answer: (state: LoopState) => string = () => ''): string[] {
  let state = initialState();
  const turns: string[] = [];
  for (;;) {
    const next = nextTurn(config, state, iterations);
    if (next.done) return turns;
    const decided = next.ask === 'router' ? decideByRouter(config, state, answer(state)) : undefined;
    if (decided?.ok === false) return [...turns, `${next.iteration} ${next.role} ${decided.error.code}`];
    const decision = decided?.value ?? decideByRule(config, state);
    turns.push(`${next.iteration} ${next.role} ${decision.prompt.key} ${decision.source}`);
    state = turnDone(config, { ...state, decision });
    if (state.phase === 'publish') state = advance(config, state);
  }
}

/** Whether the router is asked before the turn of the supervisor, and before that of main. */
const asked = (text: string): boolean[] => {
  const config = configOf(text);
  return (['supervisor', 'main'] as const).map((role) => asksRouter(config, { iteration: 1, role, reviewed: false }));
};

test('router off: a plain sequence of both roles, whatever the router’s cadence says', () => {
  expect(play(configOf('router: {enabled: false, review_every_n: 1, prompt: router.md}\n'), 2)).toEqual([
    '1 supervisor supervisor.md sequence',
    '1 main main.md sequence',
    '2 supervisor supervisor.md sequence',
    '2 main main.md sequence',
  ]);
});

test('the combined sequence by the router: it is asked once per iteration, before the supervisor, and overrides that turn only', () => {
  const config = configOf('router: {enabled: true, prompt: router.md}\n');
  const asked: string[] = [];
  const turns = play(config, 2, (state) => {
    asked.push(`${state.iteration} ${state.role}`);
    return state.iteration === 1 ? 'supervisor.md\n' : 'reviewer';
  });
  expect(asked).toEqual(['1 supervisor', '2 supervisor']);
  expect(turns).toEqual([
    '1 supervisor supervisor.md role',
    '1 main main.md role',
    '2 supervisor reviewer.md router',
    '2 main main.md role',
  ]);
});

test('with applies_to all it is asked before both turns', () => {
  const config = configOf(
    'router: {enabled: true, prompt: r, applies_to: all, allowlist: [supervisor, main, debug]}\n',
  );
  expect(play(config, 1, () => 'debug')).toEqual(['1 supervisor debug.md router', '1 main debug.md router']);
});

describe('review cadence', () => {
  test('every nth iteration has exactly one review, and main still has its turn', () => {
    const config = configOf('router: {enabled: true, review_every_n: 2}\n');
    expect(play(config, 4)).toEqual([
      '1 supervisor supervisor.md role',
      '1 main main.md role',
      '2 supervisor reviewer.md review_cadence',
      '2 main main.md role',
      '3 supervisor supervisor.md role',
      '3 main main.md role',
      '4 supervisor reviewer.md review_cadence',
      '4 main main.md role',
    ]);
  });

  test('with n = 1 main.md runs in every iteration all the same', () => {
    const config = configOf('workflow: {name: review_cadence, review_every_n: 1}\n');
    expect(play(config, 2).filter((turn) => turn.includes('main.md'))).toHaveLength(2);
  });

  test('a review that the router put off is held by main, in the same iteration', () => {
    const config = configOf('router: {enabled: true, prompt: r, review_every_n: 1}\n');
    expect(play(config, 1, () => 'supervisor')).toEqual([
      '1 supervisor supervisor.md router',
      '1 main reviewer.md review_cadence',
    ]);
  });

  test('property: one review in each nth iteration, never two in any, whatever the router answers', () => {
    const prompts = ['supervisor', 'main.md', 'prompts/reviewer.md', 'reviewer.txt', 'other'];
    const settings = fc.record({
      mode: fc.constantFrom('router_default', 'router_first', 'router_only'),
      applies_to: fc.constantFrom('first', 'all'),
      review_every_n: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(
        settings,
        fc.array(fc.constantFrom(...prompts), { minLength: 24, maxLength: 24 }),
        (router, answers) => {
          const config = configOf(
            JSON.stringify({
              router: { ...router, enabled: true, prompt: 'r', allowlist: ['supervisor', 'main', 'reviewer', 'other'] },
            }),
          );
          let index = 0;
          // A router that never chooses the prompt of the other role.
          const turns = play(config, 12, ({ role }) => {
            const answer = answers[index++ % answers.length]!;
            const wrong = role === 'main' ? 'supervisor' : 'main.md';
            return answer === wrong ? 'other' : answer;
          });
          expect(turns).toHaveLength(24);
          for (let iteration = 1; iteration <= 12; iteration += 1) {
            const reviews = turns.filter((turn) => turn.startsWith(`${iteration} `) && turn.includes(' reviewer.md '));
            const due = router.review_every_n > 0 && iteration % router.review_every_n === 0;
            expect(reviews.length).toBeLessThanOrEqual(1);
            if (due) expect(reviews).toHaveLength(1);
          }
          const roles = turns.map((turn) => turn.split(' ').slice(0, 2).join(' '));
          const wanted = Array.from({ length: 12 }, (_, i) => [`${i + 1} supervisor`, `${i + 1} main`]).flat();
          expect(roles).toEqual(wanted);
        },
      ),
    );
  });
});

describe('the router’s answer must be exactly one allowed line', () => {
  const config = configOf('router: {enabled: true, mode: first, prompt: r}\n');
  const read = (output: string, role: 'supervisor' | 'main' = 'supervisor'): string => {
    const decided = decideByRouter(config, { iteration: 1, role, reviewed: false }, output);
    return decided.ok ? decided.value.prompt.key : decided.error.code;
  };
  test.each<[title: string, output: string, expected: string]>([
    ['a name', 'supervisor.md', 'supervisor.md'],
    ['with a newline and spaces round it', '  supervisor.md \r\n', 'supervisor.md'],
    ['without its ending', 'reviewer', 'reviewer.md'],
    ['with another ending', 'reviewer.txt', 'reviewer.md'],
    ['with its folder', 'prompts/reviewer.md', 'reviewer.md'],
    ['with ./', './prompts/reviewer.md', 'reviewer.md'],
    ['zero bytes', '', 'router_output_empty'],
    ['blanks only', ' \n\n', 'router_output_empty'],
    ['two lines', 'supervisor.md\nmain.md\n', 'router_output_lines'],
    ['a blank line before it', '\nsupervisor.md\n', 'router_output_lines'],
    ['a blank line after it', 'supervisor.md\n\n', 'router_output_lines'],
    ['a fence', '```\nsupervisor.md\n```\n', 'router_output_lines'],
    ['a sentence', 'I choose supervisor.md', 'router_not_allowed'],
    ['what is not on the list', 'other.md', 'router_not_allowed'],
    ['a path that leads out', '../supervisor.md', 'router_not_allowed'],
    ['a prototype’s key', '__proto__', 'router_not_allowed'],
    ['the prompt of the other role', 'main.md', 'router_wrong_role'],
  ])('%s', (_, output, expected) => expect(read(output)).toBe(expected));

  test('the error shows the answer', () => {
    const decided = decideByRouter(config, { iteration: 1, role: 'supervisor', reviewed: false }, 'superviser.md');
    expect(decided).toEqual({
      ok: false,
      error: {
        code: 'router_not_allowed',
        message:
          'the router chose a prompt that is not on the allowlist: "superviser.md"; allowed are supervisor.md, main.md, reviewer.md; did you mean \'supervisor.md\'?',
      },
    });
    const empty = decideByRouter(config, { iteration: 1, role: 'supervisor', reviewed: false }, '');
    expect(empty.ok || empty.error.message).toBe('the router answered nothing (0 bytes: "")');
  });

  test('role gating: a prompt of nobody in particular is for both', () => {
    expect([read('reviewer', 'main'), read('supervisor', 'main'), read('main', 'main')]).toEqual([
      'reviewer.md',
      'router_wrong_role',
      'main.md',
    ]);
  });

  test('property: no answer makes it run what is not allowed', () => {
    const words = fc.constantFrom('main', 'supervisor', '.md', '\n', '/', '..', ' ', '```', 'prompts/', 'x');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((parts) => parts.join('')),
        ),
        (output) => {
          const key = read(output);
          expect(['supervisor.md', 'reviewer.md'].includes(key) || key.startsWith('router_')).toBe(true);
        },
      ),
    );
  });
});

test.each([
  ['router_default', 'router_default'],
  ['default', 'router_default'],
  ['router', 'router_default'],
  ['FIRST', 'router_first'],
  ['router-first', 'router_first'],
  ['router only', 'router_only'],
  ['Router_Only ', 'router_only'],
  ['turbo', undefined],
  ['firstly', undefined],
])('the mode %j is %s', (text, mode) => expect(routerMode(text)).toBe(mode));

test('the router is asked for the first turn only, unless it applies to all; without a prompt never', () => {
  expect(asked('router: {enabled: true, prompt: r}\n')).toEqual([true, false]);
  expect(asked('router: {enabled: true, mode: only, prompt: r}\n')).toEqual([true, false]);
  expect(asked('router: {enabled: true, prompt: r, applies_to: all}\n')).toEqual([true, true]);
  expect(asked('router: {enabled: true}\n')).toEqual([false, false]);
  expect(asked('router: {prompt: r}\n')).toEqual([false, false]);
});

test('the decision is one line', () => {
  const config = configOf('router: {enabled: true}\n');
  expect(decisionLine(decideByRule(config, { iteration: 7, role: 'main', reviewed: false }))).toBe(
    '[router] iteration=7 actor=ralph prompt=main.md source=role reason=turn of main',
  );
});

describe('which agent runs a prompt: command line by prompt, by role, file by prompt, by role, default', () => {
  const file = 'agent: {default: claude, roles: {galph: a1}, prompts: {prompts/supervisor: a2}}\n';
  const agents = 'agents: {a1: {command: x}, a2: {command: x}, a3: {command: x}, a4: {command: x}}\n';
  const all = { prompt: 'ORCHESTRATOR_AGENT_PROMPT', role: 'ORCHESTRATOR_AGENT_ROLE' };
  test.each<[env: Record<string, string>, text: string, expected: string]>([
    [{}, '', 'auto'],
    [{}, 'agent: {default: claude}\n', 'claude'],
    [{}, 'agent: {default: claude, roles: {supervisor: a1}}\n', 'a1'],
    [{}, file, 'a2'],
    [{ [all.role]: 'galph=a3' }, file, 'a3'],
    [{ [all.role]: 'ralph=a3' }, file, 'a2'],
    [{ [all.role]: 'galph=a3', [all.prompt]: 'supervisor.md=a4' }, file, 'a4'],
    [{ [all.prompt]: 'other.md=a4' }, file, 'a2'],
    [{ ORCHESTRATOR_AGENT: 'codex' }, 'agent: {default: claude}\n', 'codex'],
  ])('%j over %j: %s', (env, text, expected) => {
    const config = configOf(`${text}${agents}`, { env });
    expect(agentFor(config.agents, 'supervisor', config.prompts.supervisor)).toBe(expected);
  });
});

test('the code that decides knows nothing of those who act: it imports the plan’s language, and functions of no subject', () => {
  for (const file of ['decide', 'turns', 'router', 'agents', 'state-file']) {
    const source = readFileSync(new URL(`../../src/loop/${file}.ts`, import.meta.url), 'utf8');
    const imports = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1]!);
    const foreign = imports.filter((each) => !/^(\.\/|\.\.\/(plan|basics)\/)/.test(each));
    expect(foreign).toEqual([]);
  }
});
