import { expect, test } from 'vitest';
import { carriedList, listProgress } from '../../../src/workflows/steps/lists.js';
import { InFlight } from '../../../src/workflows/steps/in-flight.js';

test('a list goes on where it was: what ran goes first, and its sum is made of all', () => {
  const list = listProgress(undefined);
  list.next = 4;
  list.running.add(1).add(3);
  list.reports[0] = {
    status: 'success',
    attempts: 1,
    exit_code: 0,
    log_dir: '/logs/0',
    started_at: 1,
    outputs: { n: 1 },
  };
  list.reports[2] = {
    status: 'failed',
    attempts: 3,
    reason: 'exit_non_zero',
    message: 'no',
    stderr_tail: 'oh',
    host: 'h',
  };
  const carried = JSON.parse(JSON.stringify(carriedList(list))) as ReturnType<typeof carriedList>;
  expect(listProgress(carried)).toEqual({
    next: 4,
    goingOn: [1, 3],
    running: new Set([1, 3]),
    begun: new Set(),
    reports: [
      { status: 'success', attempts: 1, exit_code: 0, log_dir: '/logs/0', outputs: { n: 1 } },
      undefined,
      { status: 'failed', attempts: 3, reason: 'exit_non_zero', message: 'no', stderr_tail: 'oh' },
    ],
  });
});

test('what is known of a process goes from one history to the next, also where none of it has been heard in between', () => {
  const carried = { failures: 2, first_started_at: 5 };
  const flight = new InFlight({
    running: [['a', { carried, resume_at: 9 }]],
    locks: [['a', { number: 3, held: true }]],
  });
  expect(flight.locksOf('a')).toEqual({ number: 3, held: true });
  expect(flight.beginProcess('a')).toEqual({ carried, resume_at: 9 });
  expect(flight.beginProcess('b')).toBeUndefined();
  expect(flight.processes()).toEqual([
    ['a', { carried, resume_at: 9 }],
    ['b', {}],
  ]);
  const later = { failures: 3, first_started_at: 5 };
  expect(flight.processes({ a: { carried: later } })[0]).toEqual(['a', { carried: later, resume_at: 9 }]);
  flight.begin('c', 'call');
  flight.begin('b', 'landed');
  let rests = true;
  flight.beginAgent('d', () => rests);
  expect(flight.staying('busy')).toEqual(["'b' (its end)", "'c' (an HTTP call)"]);
  rests = false;
  expect(flight.staying('none')).toEqual(flight.staying('busy').slice(0, 2));
  expect(flight.staying('busy')[2]).toBe("'d' (an agent)");
  expect(flight.staying('all')[2]).toBe("'d' (an agent)");
  expect(flight.size).toBe(4);
  flight.end('a');
  expect(flight.processes()).toEqual([]);
});
