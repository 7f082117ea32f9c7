import { describe, expect, test } from 'vitest';
import { loadPlanText } from '../../../src/plan/index.js';
import { brief, refuse } from '../sample.js';

function list(name: string, lines: string[]): string {
  return `${name}:\n${lines.map((line) => `  - {${line}}\n`).join('')}`;
}

/** One line per step, and the same for `finally`. */
function planWith(steps: string[], finallySteps: string[] = []): string {
  return `plan_id: demo\nversion: "1.0"\n${list('steps', steps)}${finallySteps.length === 0 ? '' : list('finally', finallySteps)}`;
}

describe('a fallback', () => {
  test.each<[title: string, steps: string[], finallySteps: string[]]>([
    [
      'may have one of its own',
      ['id: a, command: x, fallback_step: b', 'id: b, command: x, fallback_step: c', 'id: c, command: x'],
      [],
    ],
    [
      'may be waited for',
      ['id: a, command: x, fallback_step: b', 'id: b, command: x', 'id: c, command: x, depends_on: [a, b]'],
      [],
    ],
    [
      'may wait for others',
      ['id: a, command: x, fallback_step: b', 'id: b, command: x, depends_on: [c]', 'id: c, command: x'],
      [],
    ],
    [
      'may stand in for a finally step',
      ['id: a, command: x'],
      ['id: y, command: x, fallback_step: z', 'id: z, command: x'],
    ],
  ])('%s', (_, steps, finallySteps) => {
    expect(loadPlanText(planWith(steps, finallySteps))).toMatchObject({ ok: true });
  });

  test.each<[title: string, steps: string[], finallySteps: string[], expected: string[]]>([
    ['that is nowhere', ['id: a, command: x, fallback_step: aa'], [], ['4:40 unknown_fallback steps[0].fallback_step']],
    ['of itself', ['id: a, command: x, fallback_step: a'], [], ['4:40 self_fallback steps[0].fallback_step']],
    [
      'of two steps',
      ['id: a, command: x, fallback_step: c', 'id: b, command: x, fallback_step: c', 'id: c, command: x'],
      [],
      ['5:40 shared_fallback steps[1].fallback_step'],
    ],
    [
      'that comes round',
      [
        'id: a, command: x, fallback_step: b',
        'id: b, command: x, fallback_step: c',
        'id: c, command: x, fallback_step: a',
      ],
      [],
      ['4:40 fallback_cycle steps[0].fallback_step'],
    ],
    [
      'that its owner waits for',
      ['id: a, command: x, fallback_step: b, depends_on: [b]', 'id: b, command: x'],
      [],
      ['4:56 dependency_cycle steps[0].depends_on[0]'],
    ],
    [
      'that waits for its owner, which it does anyway',
      ['id: a, command: x, fallback_step: b', 'id: b, command: x, depends_on: [a]'],
      [],
      ['5:38 dependency_cycle steps[1].depends_on[0]'],
    ],
    [
      'that waits for what waits for its owner',
      [
        'id: a, command: x, fallback_step: c',
        'id: b, command: x, depends_on: [a]',
        'id: c, command: x, depends_on: [b]',
      ],
      [],
      ['5:38 dependency_cycle steps[1].depends_on[0]'],
    ],
    [
      'in finally of a main step',
      ['id: a, command: x, fallback_step: z'],
      ['id: z, command: x'],
      ['4:40 fallback_across_finally steps[0].fallback_step'],
    ],
    [
      'among the main steps of a finally step',
      ['id: a, command: x'],
      ['id: z, command: x, fallback_step: a'],
      ['6:40 fallback_across_finally finally[0].fallback_step'],
    ],
  ])('%s is refused', (_, steps, finallySteps, expected) => {
    expect(brief(refuse(planWith(steps, finallySteps)))).toEqual(expected);
  });

  test('is told with its owners, and a misspelt one with what was meant', () => {
    const [unknown] = refuse(planWith(['id: build, command: x, fallback_step: resotre', 'id: restore, command: x']));
    expect(unknown).toMatchObject({ message: "there is no step 'resotre'", hint: "did you mean 'restore'?" });
    const [shared] = refuse(
      planWith(['id: a, command: x, fallback_step: c', 'id: b, command: x, fallback_step: c', 'id: c, command: x']),
    );
    expect(shared!.related).toMatchObject([{ message: 'first named here', line: 4, column: 40 }]);
  });

  test('that closes a circle is told edge by edge', () => {
    const [cycle] = refuse(
      planWith([
        'id: a, command: x, fallback_step: c',
        'id: b, command: x, depends_on: [a]',
        'id: c, command: x, depends_on: [b]',
      ]),
    );
    expect(cycle).toMatchObject({
      message: "these steps depend on each other: 'b' → 'a' → 'c' → 'b'",
      hint: 'a fallback runs after its owner, and what depends on the owner waits for its fallback too',
    });
    expect(cycle!.related!.map((each) => each.message)).toEqual([
      "'b' waits for 'a'",
      "'a' ends with its fallback 'c'",
      "'c' waits for 'b'",
    ]);
    const [ring] = refuse(
      planWith(['id: c, command: x, fallback_step: b', 'id: a, command: x', 'id: b, command: x, fallback_step: c']),
    );
    expect(ring!.related!.map((each) => each.message)).toEqual(["'c' falls back to 'b'", "'b' falls back to 'c'"]);
  });

  test.each([0, 1])('chain of ten thousand is read, closed to a circle or not (%i)', (closed) => {
    const steps = Array.from({ length: 10_000 }, (_, index) => ({
      id: `s${index}`,
      command: 'x',
      ...(index < 9999 ? { fallback_step: `s${index + 1}` } : closed === 1 ? { fallback_step: 's0' } : {}),
    }));
    const loaded = loadPlanText(JSON.stringify({ plan_id: 'a', version: '1.0', steps }));
    expect(loaded.ok).toBe(closed === 0);
    if (!loaded.ok) expect(loaded.error.map((each) => each.code)).toEqual(['fallback_cycle']);
  });
});

describe('steps of finally', () => {
  test('have ids of their own, depend on each other, and on no others', () => {
    const text = planWith(
      [
        'id: a, command: x, provides: [lib]',
        'id: b, command: x, depends_on: [z]',
        'id: c, command: x, consumes: [log]',
      ],
      [
        'id: A, command: x',
        'id: y, command: x, depends_on: [z, a]',
        'id: z, command: x, provides: [log], consumes: [lib]',
        'id: w, command: x, consumes: [log]',
      ],
    );
    expect(brief(refuse(text))).toEqual([
      '5:38 finally_dependency steps[1].depends_on[0]',
      '6:36 finally_dependency steps[2].consumes[0]',
      '8:10 duplicate_id finally[0].id',
      '9:41 finally_dependency finally[1].depends_on[1]',
      '10:53 finally_dependency finally[2].consumes[0]',
    ]);
    expect(refuse(text).map((each) => each.message)).toContain(
      "the finally step 'y' cannot wait for 'a': it runs once all main steps have ended anyway",
    );
  });

  test('are checked as all others are', () => {
    const text = planWith(
      ['id: a, command: x'],
      ['id: y, comand: x', 'command: x', 'id: z, command: x, args: ["${}"]'],
    );
    expect(brief(refuse(text))).toEqual([
      '6:13 unknown_key finally[0].comand',
      '7:5 missing_key finally[1].id',
      '8:32 malformed_template finally[2].args[0]',
    ]);
    expect(refuse(text)[1]!.message).toBe("'id' is missing in this step");
  });
});
