import { describe, expect, test } from 'vitest';
import { describeStatus, matchesStatus, parseExpectStatus } from '../../../src/activities/http/index.js';
import { networkError } from '../../../src/activities/http/network-error.js';
import { retryAfterSec } from '../../../src/activities/http/retry-after.js';

describe('expect_status', () => {
  test.each<[readonly (number | string)[] | undefined, string, number[], number[]]>([
    [undefined, '2xx', [200, 299], [199, 300]],
    [[200], '200', [200], [201]],
    [['200', 404], '200, 404', [200, 404], [201]],
    [['2XX', '3xx'], '2xx, 3xx', [200, 399], [400]],
    [['200-204'], '200-204', [200, 204], [205]],
    [[' 500 - 503 '], '500-503', [500, 503], [504]],
    [['400-499'], '4xx', [400, 499], [500]],
    [['204-204'], '204', [204], [200]],
  ])('%j means %s', (forms, text, inside, outside) => {
    const parsed = parseExpectStatus(forms);
    if (!parsed.ok) throw new Error(parsed.error.join());
    expect(describeStatus(parsed.value)).toBe(text);
    expect(inside.map((status) => matchesStatus(parsed.value, status))).toEqual(inside.map(() => true));
    expect(outside.map((status) => matchesStatus(parsed.value, status))).toEqual(outside.map(() => false));
  });

  test('every form that is wrong is told', () => {
    expect(parseExpectStatus(['ok', 200, 20.5, '6xx', '204-200', 700, '2x', '', '-1'])).toEqual({
      ok: false,
      error: [
        '"ok" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
        '"20.5" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
        '"6xx" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
        '"204-200" is an empty range: its end comes before its start',
        '"700" is not a status: codes range from 100 to 599',
        '"2x" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
        '"" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
        '"-1" is not a status: use a code (200), a class ("2xx") or a range ("200-204")',
      ],
    });
    expect(parseExpectStatus([])).toEqual({
      ok: false,
      error: ['expect_status is empty: no status could ever be a success'],
    });
  });
});

describe('Retry-After', () => {
  const date = 'Wed, 21 Oct 2015 07:28:00 GMT';
  const now = Date.parse(date);

  test.each<[string, Record<string, string>, number | undefined]>([
    ['none', {}, undefined],
    ['seconds', { 'retry-after': '120' }, 120],
    ['zero', { 'retry-after': '0' }, 0],
    ['seconds of more than a day', { 'retry-after': '99999999999999999999999' }, 86_400],
    [
      'a date, by the clock of the server',
      { 'retry-after': 'Thu, 01 Jan 1970 00:01:30 GMT', date: 'Thu, 01 Jan 1970 00:00:00 GMT' },
      90,
    ],
    ['a date, by our clock where the server tells none', { 'retry-after': 'Wed, 21 Oct 2015 07:28:30 GMT' }, 30],
    ['a date that is over', { 'retry-after': date, date: 'Wed, 21 Oct 2015 07:29:00 GMT' }, 0],
    ['a date in a year', { 'retry-after': 'Fri, 21 Oct 2016 07:28:00 GMT' }, 86_400],
    ['the old form of RFC 850', { 'retry-after': 'Wednesday, 21-Oct-15 07:28:05 GMT' }, 5],
    ['the old form of asctime', { 'retry-after': 'Wed Oct 21 07:28:05 2015' }, 5],
    ['a negative number', { 'retry-after': '-5' }, undefined],
    ['a fraction', { 'retry-after': '1.5' }, undefined],
    ['nonsense', { 'retry-after': 'soon' }, undefined],
    ['no date at all', { 'retry-after': 'Wed, 99 Foo 2015 07:28:05 GMT' }, undefined],
  ])('%s', (_, headers, seconds) => {
    expect(retryAfterSec(headers, now)).toBe(seconds);
  });
});

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const failed = (cause: unknown): Error => new TypeError('fetch failed', { cause });

describe('what a failed fetch was about', () => {
  test.each<[string, unknown, string]>([
    ['a refusal', failed(coded('ECONNREFUSED', '')), 'ECONNREFUSED: nothing listens there'],
    [
      'an unknown host',
      failed(coded('ENOTFOUND', 'getaddrinfo ENOTFOUND nowhere.invalid')),
      'the host name is unknown (getaddrinfo ENOTFOUND nowhere.invalid)',
    ],
    [
      'a certificate',
      failed(coded('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate')),
      "DEPTH_ZERO_SELF_SIGNED_CERT: the server's certificate is not trusted (self-signed certificate)",
    ],
    [
      'several addresses, each with its own',
      failed(
        new AggregateError([
          coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'),
          coded('ETIMEDOUT', 'connect ETIMEDOUT 127.0.0.1:1'),
        ]),
      ),
      'nothing listens there (connect ECONNREFUSED ::1:1); connect ETIMEDOUT 127.0.0.1:1',
    ],
    ['no cause', new TypeError('fetch failed'), 'fetch failed'],
    ['no error', 'boom', 'boom'],
  ])('%s', (_, error, message) => {
    expect(networkError(error).message).toBe(message);
  });

  test('a cause that names itself does not hang', () => {
    const error = new Error('round');
    error.cause = error;
    expect(networkError(error).message).toBe('round');
  });
});
