import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { manifestOf, type Manifest, type RunEvent } from '../../src/journal/index.js';
import { eventLines } from '../../src/records/event-file.js';
import { RecordKeeper } from '../../src/records/record-keeper.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';
import { runAbout } from '../support/run-about.js';

let state: string;
let warnings: string[];
let keeper: RecordKeeper;
beforeEach(() => {
  state = tempDir();
  warnings = [];
  keeper = new RecordKeeper(state, (message) => warnings.push(message));
});

const time = '2026-01-01T00:00:00.000Z';
const about = runAbout({
  steps: [{ id: 'a', name: 'a', kind: 'noop', depends_on: [], fallback_of: null, finally: false, foreach: false }],
});
const events: RunEvent[] = [
  { v: 1, seq: 1, time, type: 'run-created', run_id: 'r', plan_id: 'p', plan_digest: '', steps: 1, created_at: time },
  { v: 1, seq: 2, time, type: 'run-started' },
];
for (let seq = 3; seq <= 203; seq += 1)
  events.push({ v: 1, seq, time, type: seq % 2 === 0 ? 'run-resumed' : 'run-paused' });
const whole = (upTo: number) =>
  ({ whole: true, run_id: 'r', about, plan: { plan_id: 'p' }, events: events.slice(0, upTo) }) as const;
const file = (name: string): string => path.join(state, 'runs', 'r', name);
const read = (name: string): string => readFileSync(file(name), 'utf8');
const manifest = (): Manifest => JSON.parse(read('manifest.json')) as Manifest;

test('two hundred updates in a row are few writes, and the last one is there', async () => {
  const writes = new Set<string>();
  keeper.take(whole(2));
  for (const event of events.slice(2)) {
    keeper.take({ whole: false, run_id: 'r', events: [event] });
    await new Promise((resolve) => setImmediate(resolve));
    try {
      writes.add(read('manifest.json'));
    } catch {
      writes.add('none yet');
    }
  }
  await eventually('the last event is in the manifest', () => {
    const file = path.join(state, 'runs', 'r', 'manifest.json');
    return existsSync(file) && manifest().last_seq === 203;
  });
  expect(writes.size).toBeLessThan(20);
  expect(read('events.ndjson')).toBe(eventLines(events));
  expect(manifest()).toEqual(manifestOf(about, events));
  expect(JSON.parse(read('plan.json'))).toEqual({ plan_id: 'p' });
});

test('the events of a large run do not wait for its manifest, which takes long to write', async () => {
  let seconds = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (seconds += 1) * 1000);
  try {
    keeper.take(whole(2));
    await keeper.flush('r');
    expect(manifest().last_seq).toBe(2);
    for (const [from, to] of [
      [2, 4],
      [4, 6],
    ] as const) {
      keeper.take({ whole: false, run_id: 'r', events: events.slice(from, to) });
      await keeper.flush('r');
      expect(read('events.ndjson')).toBe(eventLines(events.slice(0, to)));
      expect(manifest().last_seq).toBe(2);
    }
    await keeper.close();
    expect(manifest().last_seq).toBe(6);
  } finally {
    clock.mockRestore();
  }
});

test('what comes twice, or again from the beginning, is written once', async () => {
  keeper.take(whole(5));
  keeper.take({ whole: false, run_id: 'r', events: events.slice(3, 8) });
  await keeper.close();
  keeper.take(whole(10));
  keeper.take({ whole: false, run_id: 'r', events: events.slice(8, 12) });
  await keeper.close();
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 12)));
});

test('another worker takes over: it goes on where the file ends, also behind a torn line', async () => {
  keeper.take(whole(5));
  await keeper.close();
  writeFileSync(path.join(state, 'runs', 'r', 'events.ndjson'), `${eventLines(events.slice(0, 5))}{"v":1,"se`);
  const next = new RecordKeeper(state, () => {});
  next.take(whole(7));
  await next.close();
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 7)));
  expect(manifest().last_seq).toBe(7);
});

test('where nothing can be written there is one warning; once it can, all is there', async () => {
  writeFileSync(path.join(state, 'runs'), 'in the way');
  keeper.take(whole(3));
  await keeper.close();
  keeper.take({ whole: false, run_id: 'r', events: events.slice(3, 4) });
  await keeper.close();
  expect(warnings).toEqual([expect.stringContaining('Records of runs cannot be written')]);
  rmSync(path.join(state, 'runs'));
  keeper.take({ whole: false, run_id: 'r', events: events.slice(4, 6) });
  await keeper.close();
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 6)));
  expect(warnings).toHaveLength(1);
});

test('an append that failed half-way is made good', async () => {
  keeper.take(whole(3));
  await keeper.close();
  const file = path.join(state, 'runs', 'r', 'events.ndjson');
  rmSync(file);
  mkdirSync(file); // an append to it fails
  keeper.take({ whole: false, run_id: 'r', events: events.slice(3, 5) });
  await keeper.close();
  rmSync(file, { recursive: true });
  writeFileSync(file, `${eventLines(events.slice(0, 4))}{"half`);
  keeper.take({ whole: false, run_id: 'r', events: events.slice(5, 6) });
  await keeper.close();
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 6)));
});

test('a seal has the last word', async () => {
  keeper.take(whole(100));
  await keeper.seal({ about, plan: {}, events });
  keeper.take({ whole: false, run_id: 'r', events: events.slice(100, 101) });
  await keeper.close();
  expect(manifest().last_seq).toBe(203);
  expect(read('events.ndjson')).toBe(eventLines(events));
});

describe('the end of a run of which the keeper was told all', () => {
  beforeEach(async () => {
    keeper.take(whole(100));
    await keeper.flush('r');
    keeper.take({ whole: false, run_id: 'r', events: events.slice(100) });
  });

  test('is what a seal would have written', async () => {
    expect(await keeper.finish('r', 203)).toBe(true);
    const finished = ['events.ndjson', 'manifest.json', 'plan.json'].map(read);
    await keeper.seal({ about, plan: { plan_id: 'p' }, events });
    expect(finished).toEqual(['events.ndjson', 'manifest.json', 'plan.json'].map(read));
  });

  test.each([
    ['a line of the events', () => writeFileSync(file('events.ndjson'), eventLines(events.slice(1, 100)))],
    ['the events', () => rmSync(file('events.ndjson'))],
    ['the plan', () => rmSync(file('plan.json'))],
    ['the folder', () => rmSync(file('.'), { recursive: true })],
    [
      'the folder, in whose place something else is',
      () => (rmSync(file('.'), { recursive: true }), writeFileSync(file('.'), '')),
    ],
  ])('is to be sealed whole where somebody has removed %s', async (_, remove) => {
    remove();
    expect(await keeper.finish('r', 203)).toBe(false);
  });

  test('is made good where only the manifest was removed', async () => {
    rmSync(file('manifest.json'));
    expect(await keeper.finish('r', 203)).toBe(true);
    expect(manifest()).toEqual(manifestOf(about, events));
  });

  test('is to be sealed whole where it ends with another event, or was told of nothing', async () => {
    expect(await keeper.finish('r', 204)).toBe(false);
    expect(await keeper.finish('other', 203)).toBe(false);
  });

  test('comes once', async () => {
    expect(await keeper.finish('r', 203)).toBe(true);
    expect(await keeper.finish('r', 203)).toBe(false);
  });
});

test('a run that went on in a new history is finished like others', async () => {
  keeper.take(whole(10));
  await keeper.flush('r');
  keeper.take(later(10, 203));
  expect(await keeper.finish('r', 203)).toBe(true);
  expect(read('events.ndjson')).toBe(eventLines(events));
  expect(manifest()).toEqual(manifestOf(about, events));
});

/** The news of a run that went on in a new history after its event with the number `after`. */
const later = (after: number, upTo: number) => ({ ...whole(upTo), after, events: events.slice(after, upTo) }) as const;

test('a run that goes on in a new history has one file of events, written on by whoever has it', async () => {
  keeper.take(whole(10));
  await keeper.flush('r');
  keeper.take(later(10, 12));
  keeper.take({ whole: false, run_id: 'r', events: events.slice(12, 14) });
  await keeper.flush('r');
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 14)));
  // Another worker, which knows only what the new history holds.
  const next = new RecordKeeper(state, () => {});
  next.take(later(10, 16));
  await next.flush('r');
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 16)));
  expect(manifest()).toEqual(manifestOf(about, events.slice(0, 16)));
  await next.seal({ about, plan: { plan_id: 'p' }, after: 10, events: events.slice(10) });
  expect(read('events.ndjson')).toBe(eventLines(events));
  expect(manifest()).toEqual(manifestOf(about, events));
});

test('what a file lacks of earlier histories is read from those', async () => {
  const asked: unknown[] = [];
  const elsewhere = new RecordKeeper(
    state,
    () => {},
    async (...what) => {
      asked.push(what);
      return events;
    },
  );
  elsewhere.take(later(10, 12));
  await elsewhere.flush('r');
  expect(read('events.ndjson')).toBe(eventLines(events.slice(0, 12)));
  expect(asked).toEqual([['r', 10]]);
  rmSync(path.join(state, 'runs', 'r'), { recursive: true });
  await elsewhere.seal({ about, plan: {}, after: 20, events: events.slice(20) });
  expect(read('events.ndjson')).toBe(eventLines(events));
});

test('a record whose first part nobody has any more is not written', async () => {
  await expect(keeper.seal({ about, plan: {}, after: 20, events: events.slice(20) })).rejects.toThrow(
    "the first 20 events of run 'r' are not there",
  );
});
