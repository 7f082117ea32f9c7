import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { after } from '../../src/host/timers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const DAY = 24 * 3600_000;

test('a timer fires once, when its time has come', () => {
  const fire = vi.fn<() => void>();
  after(1000, fire);
  vi.advanceTimersByTime(999);
  expect(fire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2 * DAY);
  expect(fire).toHaveBeenCalledTimes(1);
});

test('one of more than 24.8 days does not fire at once', () => {
  const fire = vi.fn<() => void>();
  after(60 * DAY, fire);
  vi.advanceTimersByTime(60 * DAY - 1);
  expect(fire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fire).toHaveBeenCalledTimes(1);
});

test.each([1000, 60 * DAY])('one of %i ms that is canceled never fires', (ms) => {
  const fire = vi.fn<() => void>();
  const timer = after(ms, fire);
  vi.advanceTimersByTime(ms - 1);
  timer.cancel();
  vi.advanceTimersByTime(60 * DAY);
  expect(fire).not.toHaveBeenCalled();
});

test('one of no time, or of a time that is past, fires on the next turn', () => {
  const fire = vi.fn<() => void>();
  after(-5, fire);
  expect(fire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(fire).toHaveBeenCalledTimes(1);
});
