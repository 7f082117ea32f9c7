import { expect } from 'vitest';
import type { Park } from '../../src/engine/index.js';
import type { Drive } from './drive.js';

export const WHYS: readonly Park['why'][] = ['quota', 'question', 'escalated', 'budget'];

type Verb = (run: Drive, id: string) => string | undefined;
const VERBS: Readonly<Record<string, Verb>> = {
  answer: (run, id) => run.answer(id),
  approve: (run, id) => run.decide(id, 'approve'),
  reject: (run, id) => run.decide(id, 'reject'),
  retry: (run, id) => run.retry(id),
};

/** Whether something may happen to a parked step by itself: not while it waits for a slot. */
export function canMove(run: Drive, id: string): boolean {
  return run.stopping.includes(id) || !run.parked.get(id)!.ready;
}

/** Lets a parked step go on: it is stopped, its time comes, or a person says something. */
export function moveParked(run: Drive, id: string, choice: number): void {
  const { why, told } = run.parked.get(id)!;
  const verb = Object.values(VERBS)[choice % 4]!;
  const person = why === 'question' || why === 'escalated';
  if (run.stopping.includes(id)) {
    expect(verb(run, id)).toBeTypeOf('string');
    run.end(id, 'canceled');
  } else if (person && told === undefined && choice % 5 !== 0) {
    expect(verb(run, id)).toBeUndefined();
    expect(run.parked.get(id)!.told?.kind).toBe(Object.keys(VERBS)[choice % 4]);
  } else {
    // Words that come late, or to one that has no question, are refused.
    if (told !== undefined || !person) expect(verb(run, id)).toBeTypeOf('string');
    run.unpark(id);
    if (run.parked.has(id) && told === undefined && person) {
      expect(verb(run, id)).toBe('it is no longer waiting for a person');
    }
  }
}
