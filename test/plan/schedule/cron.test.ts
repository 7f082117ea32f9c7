import { expect, test } from 'vitest';
import { isCronProblem, parseCron, type Cron } from '../../../src/plan/schedule/cron.js';

const all = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

function cron(text: string): Cron {
  const read = parseCron(text);
  if (isCronProblem(read)) throw new Error(read.message);
  return read;
}

test('a cron line has numbers, ranges, lists, steps and names', () => {
  expect(cron('*/15 9-17 1,15 jan-MAR *')).toEqual({
    minute: [0, 15, 30, 45],
    hour: all(9, 17),
    day_of_month: [1, 15],
    month: [1, 2, 3],
    day_of_week: all(0, 6),
    either_day: false,
  });
  expect(cron('5/20 0 * * *').minute).toEqual([5, 25, 45]);
  expect(cron('10-30/10 0 * * *').minute).toEqual([10, 20, 30]);
});

test('Sunday is 0 and 7; of two restricted days either one is enough', () => {
  expect(cron('0 0 * * 5-7').day_of_week).toEqual([0, 5, 6]);
  expect(cron('0 0 1 * mon')).toMatchObject({ day_of_month: [1], day_of_week: [1], either_day: true });
  expect(cron('0 0 */2 * mon').either_day).toBe(false);
});

test('names such as @daily stand for lines', () => {
  expect(cron('@daily')).toEqual(cron('0 0 * * *'));
  expect(cron('@Weekly')).toEqual(cron('0 0 * * sun'));
});

test.each([
  ['', 'a cron line has five fields, not 0'],
  ['0 2 * *', 'a cron line has five fields, not 4'],
  ['0 0 2 * * *', 'a cron line has five fields, not 6'],
  ['60 2 * * *', "the minute is '60', not a number from 0 to 59"],
  ['0 24 * * *', "the hour is '24', not a number from 0 to 23"],
  ['0 2 0 * *', "the day of the month is '0', not a number from 1 to 31"],
  ['0 2 * 13 *', "the month is '13', not a number from 1 to 12, or jan to dec"],
  ['0 2 * * monday', "the day of the week is 'monday', not a number from 0 to 7, or sun to sat"],
  ['0 5-2 * * *', "the hour is '5-2', whose end is before its start"],
  ['*/0 2 * * *', "the minute is '*/0': / needs a whole number above 0 after it"],
  ['1,,2 2 * * *', "the minute is '', not a number from 0 to 59"],
  ['0 2 30 feb *', 'no month has such a day, so it would never be due'],
  ['@reboot', "'@reboot' is not known"],
])('%j is refused, and an example is given', (text, message) => {
  const read = parseCron(text);
  expect(read).toEqual({ message, hint: expect.stringMatching(/"0 2 \* \* mon-fri"|@daily/) as string });
});
