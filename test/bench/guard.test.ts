import { expect, test } from 'vitest';

// A guard that never barks is none: here something has grown.
const { grown, leastOf } = await import('../../bench/guard/compare.mjs');

const BASELINE = { 'chain-50': { events: 6, bytes: 2100, files: 3, kb: 13, calls: 40, cpu_ratio: 1.3 } };

test('what costs as much as before, or up to 1.15 times of it, is no fault', () => {
  const { lines, faults } = grown(BASELINE, { 'chain-50': { ...BASELINE['chain-50'], bytes: 2400, cpu_ratio: 1.45 } });
  expect(faults).toEqual([]);
  expect(lines).toEqual([
    'chain-50: events of history per step: 6.00, was 6.00 (1.00)',
    'chain-50: bytes of history per step: 2400, was 2100 (1.14)',
    'chain-50: files on the disk per step: 3.00, was 3.00 (1.00)',
    'chain-50: KB on the disk per step: 13.0, was 13.0 (1.00)',
    'chain-50: system calls about files and processes per step: 40.0, was 40.0 (1.00)',
    'chain-50: CPU per step ÷ the handwritten one: 1.45, was 1.30 (1.12)',
  ]);
});

test('each thing that has grown is named, with the shape, by how much and from what', () => {
  const { faults } = grown(BASELINE, { 'chain-50': { ...BASELINE['chain-50'], files: 4, cpu_ratio: 1.75 } });
  expect(faults).toEqual([
    'GREW: chain-50: files on the disk per step: 4.00, was 3.00 (1.33), at most 3.45',
    'GREW: chain-50: CPU per step ÷ the handwritten one: 1.75, was 1.30 (1.35), at most 1.69',
  ]);
});

test('a run may have a few events more, for a busy machine makes smaller groups; one more for each step is a fault', () => {
  const was = { 'chain-50': { events: 0.4 } };
  expect(grown(was, { 'chain-50': { events: 0.6, steps: 50 } }).faults).toEqual([]);
  expect(grown(was, { 'chain-50': { events: 1.4, steps: 50 } }).faults).toHaveLength(1);
  const looked = { 'chain-50': { calls: 130 } };
  expect(grown(looked, { 'chain-50': { calls: 164 } }).faults).toEqual([]);
  expect(grown(looked, { 'chain-50': { calls: 165 } }).faults).toHaveLength(1);
});

test('where there is no strace, system calls are not compared', () => {
  const { calls: _, ...rest } = BASELINE['chain-50'];
  expect(grown(BASELINE, { 'chain-50': rest }).lines).toHaveLength(5);
});

test('of rounds, the least of each count is what a step costs', () => {
  const rounds = [
    { events: 6.2, bytes: 2100, files: 3, kb: 13, wall_s: 1 },
    { events: 6, bytes: 2150, files: 3.1, kb: 12, wall_s: 2 },
  ];
  expect(leastOf(rounds)).toEqual({ events: 6, bytes: 2100, files: 3, kb: 12 });
});
