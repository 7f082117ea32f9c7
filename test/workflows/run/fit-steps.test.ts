import { describe, expect, test } from 'vitest';
import { fitSteps } from '../../../src/workflows/run/fit-steps.js';
import type { StepView } from '../../../src/contract/run-messages.js';

const step = (id: string, more: Partial<StepView>): StepView => ({ id, status: 'failed', attempts: 1, ...more });
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('the steps of a run, for one answer', () => {
  test('are whole where they fit', () => {
    const steps = [step('a', { message: 'm'.repeat(50), stderr_tail: 'e'.repeat(50) })];
    expect(fitSteps(steps, 100)).toEqual(steps);
  });

  test('have an equal share of the room where they do not, and those that need less keep all', () => {
    const steps = [
      step('small', { message: 'short' }),
      step('a', { message: 'm'.repeat(10), stderr_tail: 'begin-end'.repeat(20) }),
      step('b', { stdout_tail: 'x'.repeat(500) }),
    ];
    expect(fitSteps(steps, 65)).toEqual([
      steps[0],
      step('a', { message: 'm'.repeat(10), stderr_tail: 'begin-end'.repeat(20).slice(-20), cut: true }),
      step('b', { stdout_tail: 'x'.repeat(30), cut: true }),
    ]);
  });

  test('have outputs whole, or not at all', () => {
    const large = { list: Array.from({ length: 50 }, (_, i) => i) };
    const [a, b] = fitSteps([step('a', { outputs: large }), step('b', { outputs: { x: '1' }, message: 'm' })], 40);
    expect(a).toEqual(step('a', { cut: true }));
    expect(b).toEqual(step('b', { outputs: { x: '1' }, message: 'm' }));
  });

  test('are cut between characters, counted as they travel', () => {
    const [cut] = fitSteps([step('a', { message: '𝄞'.repeat(100), stderr_tail: 'é'.repeat(100) })], 101);
    expect(cut).toEqual(step('a', { message: '𝄞'.repeat(25), cut: true }));
    const [tail] = fitSteps([step('a', { stderr_tail: `${'é'.repeat(100)}𝄞` })], 7);
    expect(tail).toEqual(step('a', { stderr_tail: 'é𝄞', cut: true }));
  });

  test('ten thousand that say two thousand bytes each fit', () => {
    const text = 'ü'.repeat(1000);
    const steps = Array.from({ length: 10_000 }, (_, i) => step(`s${i}`, { message: text, agent: undefined! }));
    const fitted = fitSteps(steps);
    expect(fitted).toHaveLength(10_000);
    expect(fitted.reduce((all, { message }) => all + Buffer.byteLength(message ?? ''), 0)).toBeLessThan(768 * 1024);
    expect(bytes(fitted)).toBeLessThan(2_000_000);
  });

  test('of two thousand that failed, each with its message and two thousand bytes of stderr, each keeps a share', () => {
    const said = { reason: 'exit_non_zero', message: 'ended with code 1', stderr_tail: 'e'.repeat(2048) } as const;
    const fitted = fitSteps(Array.from({ length: 2200 }, (_, i) => step(`s${i}`, said)));
    expect(bytes(fitted)).toBeLessThan(2_000_000);
    for (const each of fitted) {
      expect(each).toMatchObject({ reason: 'exit_non_zero', message: said.message, cut: true });
      expect(each.stderr_tail!.length).toBeGreaterThan(300);
    }
  });
});
