import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDenied, quotaIn } from '../../src/agents/quota.js';
import { resetTimeIn } from '../../src/agents/reset-time.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const at = (text: string): number => Date.parse(text);

const reset = (text: string, now = NOW): string | undefined => {
  const found = resetTimeIn(text, now);
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z');
};

describe('a limit of use', () => {
  test.each([
    ["You've hit your usage limit. Try again in 2 hours 5 minutes.", at('2026-03-10T14:05:00Z')],
    ['Rate limit reached, please retry after 30s', at('2026-03-10T12:00:30Z')],
    ['429 Too Many Requests: try again in 1m30.5s', at('2026-03-10T12:01:30.500Z')],
    ['Claude AI usage limit reached|1773150000', 1_773_150_000_000],
    ['usage limit; resets at 2026-03-11T01:00:00Z', at('2026-03-11T01:00:00Z')],
    ['rate limit exceeded, resets 3:30pm (UTC)', at('2026-03-10T15:30:00Z')],
    ['You have hit your session limit · resets 10am (UTC)', at('2026-03-11T10:00:00Z')],
    ['usage limit: try again at 11:15 PM UTC', at('2026-03-10T23:15:00Z')],
    ['usage limit: try again at Mar 12th, 2026 9:05 AM UTC', at('2026-03-12T09:05:00Z')],
    ['hit your usage limit, resets 9pm (Europe/Berlin)', at('2026-03-10T20:00:00Z')],
    ["You've hit your limit · resets 3pm (Europe/Lisbon)", at('2026-03-10T15:00:00Z')],
    ["You've hit your Opus weekly limit · resets Mar 12, 5pm (UTC)", at('2026-03-12T17:00:00Z')],
    ['Claude usage limit reached. Your limit will reset at 3pm (America/Bogota).', at('2026-03-10T20:00:00Z')],
    ["You're out of extra usage · resets 1:30pm (UTC)", at('2026-03-10T13:30:00Z')],
    [
      "You've hit your usage limit for gpt-5. Switch to another model now, or try again at 12:00 PM UTC.",
      at('2026-03-10T12:01:00Z'),
    ],
    [
      '[API Error: You have exhausted your capacity on this model. Your quota will reset after 17h20m20s.]',
      at('2026-03-11T05:20:20Z'),
    ],
    ['[API Error: quota exceeded (Status: RESOURCE_EXHAUSTED)] Please retry in 34.5s.', at('2026-03-10T12:00:34.500Z')],
    ['{"type":"error","error":{"type":"rate_limit_error","message":"no"}}', undefined],
    ['{"error":{"code":"rate_limit_exceeded"}}', undefined],
    ['overloaded_error', undefined],
    ['You have exhausted your daily quota on this model.', undefined],
    ['You hit your spend cap set in your workspace. Increase your spend cap to continue.', undefined],
    ['Your workspace is out of credits. Add credits to continue.', undefined],
    ['Credit balance is too low', undefined],
    ['Selected model is at capacity. Please try a different model.', undefined],
    ['exceeded retry limit, last status: 429 Too Many Requests, request id: 9bd', undefined],
    ['RESOURCE_EXHAUSTED: quota exceeded', undefined],
    ['Error 429', undefined],
    ['{"code":"usage_limit_reached"}', undefined],
    ['usage_limit_exceeded', undefined],
    ['quota_exceeded', undefined],
    ['API Error: 529 {"type":"error"}', undefined],
    ['openai.RateLimitError: no', undefined],
    ['Request was throttled. Expected available in 30 seconds.', at('2026-03-10T12:00:30Z')],
    ['ThrottlingException: slow down', undefined],
    ['Overloaded', undefined],
    ['The model is currently overloaded', undefined],
    ['{"error":{"type":"overloaded_error","message":"Overloaded"}}', undefined],
    ['You are being rate limited', undefined],
    ['You exceeded your current quota, please check your plan', undefined],
    // What cannot be true is no time to wait for.
    ['rate limit, try again at 2020-01-01T00:00:00Z', undefined],
    ['rate limit, try again in 900 days', undefined],
    ['rate limit, resets 3pm (Not/AZone)', undefined],
  ])('%s', (text, resetAt) => {
    expect(quotaIn(text, NOW)).toEqual(resetAt === undefined ? {} : { resetAt });
  });

  test.each([
    'the build failed',
    'exit code 42',
    '',
    'limit the rate of change',
    'HTTP 500',
    'a rate limiter',
    // A limit that is only mentioned.
    'VERDICT: FAIL test_rate_limit_resets does not pass',
    'FAIL src/rate-limit.test.ts',
    'src/rate-limit/exceeded.ts:42: no such name',
    'I wrote the rate limit middleware; all 12 tests pass.',
    'INFO rate limit remaining 4998/5000',
    'rate limits are not implemented',
    'operator+ is overloaded',
    'error: call of overloaded function is ambiguous',
    'tests/usage_limit_test.py failed',
    'the rate_limit table has no index',
    'usage limit feature: 3 tests failed',
    'ran out of room in the context window',
    'expected 429 items, got 428',
    'line 529: unexpected token',
    'scratched your usage limits',
  ])('%j is none', (text) => {
    expect(quotaIn(text, NOW)).toBeUndefined();
  });

  test.each([
    // Zones, by each of their names.
    ['resets 9am (Etc/GMT+5)', '2026-03-10T14:00:00Z'],
    ['resets 9am (EST)', '2026-03-10T14:00:00Z'],
    ['resets 9am EST', '2026-03-10T14:00:00Z'],
    ['resets 9am (PST8PDT)', '2026-03-10T16:00:00Z'],
    ['resets 9:00 AM PT', '2026-03-10T16:00:00Z'],
    ['resets 11pm (Japan)', '2026-03-10T14:00:00Z'],
    ['resets 11pm Japan', '2026-03-10T14:00:00Z'],
    ['resets 11pm JST', '2026-03-10T14:00:00Z'],
    ['resets 3pm UTC+2', '2026-03-10T13:00:00Z'],
    ['resets 3pm (UTC+2)', '2026-03-10T13:00:00Z'],
    ['resets at 15:00 +02:00', '2026-03-10T13:00:00Z'],
    ['resets at 15:00 +0530', '2026-03-11T09:30:00Z'],
    ['resets at 15:00 GMT-3', '2026-03-10T18:00:00Z'],
    ['resets at 15:00 Europe/Berlin', '2026-03-10T14:00:00Z'],
    ['resets at 15:00Z', '2026-03-10T15:00:00Z'],
    ['try again at 3:28 PM UTC.', '2026-03-10T15:28:00Z'],
    // Days.
    ['try again tomorrow at 9am (UTC)', '2026-03-11T09:00:00Z'],
    ['resets tomorrow at 1pm UTC', '2026-03-11T13:00:00Z'],
    ['resets today at 1pm UTC', '2026-03-10T13:00:00Z'],
    ['resets Fri 9:00 AM UTC', '2026-03-13T09:00:00Z'],
    ['try again on Friday at 9:00 AM (Europe/Berlin)', '2026-03-13T08:00:00Z'],
    ['resets Tue 1pm UTC', '2026-03-10T13:00:00Z'],
    ['resets Tuesday 11:00 UTC', '2026-03-17T11:00:00Z'],
    ['available again 12 March at 17:00 UTC', '2026-03-12T17:00:00Z'],
    ['Retry-After: Wed, 11 Mar 2026 07:28:00 GMT', '2026-03-11T07:28:00Z'],
    // A time of a log is not the one that is named.
    ['2026-03-10T12:00:01Z ERROR rate limit reached, resets 3pm (UTC)', '2026-03-10T15:00:00Z'],
    ['[2026-03-10 12:00:01] usage limit: try again in 2 hours', '2026-03-10T14:00:00Z'],
    ['2026-03-10T12:00:01Z 429 Too Many Requests', undefined],
    // Fields.
    ['{"resets_in_seconds": 14400}', '2026-03-10T16:00:00Z'],
    ['resets_in_seconds: 14400', '2026-03-10T16:00:00Z'],
    ['Retry-After: 3600', '2026-03-10T13:00:00Z'],
    ['retry_after_ms=90000', '2026-03-10T12:01:30Z'],
    ['"retryDelay":"34s"', '2026-03-10T12:00:34Z'],
    ['{"resets_at":1773154800}', '2026-03-10T15:00:00Z'],
    ['resets at 2026-03-11 01:00:00 UTC', '2026-03-11T01:00:00Z'],
    ['"reset_at":"2026-03-11T01:00:00+02:00"', '2026-03-10T23:00:00Z'],
    // A zone that cannot be read is no time.
    ['resets 3pm (Not/AZone)', undefined],
    ['resets 3pm XYZ', undefined],
    ['resets at 15:00 +99:00', undefined],
    ['resets 3pm (my time)', undefined],
  ])('%s: %s', (text, expected) => {
    expect(reset(text)).toBe(expected);
  });

  test.each([
    // The clocks of Berlin go forward on 29 March, those of New York on 8 March and back on 1 November.
    ['2026-03-28T20:00:00Z', 'resets 9am (Europe/Berlin)', '2026-03-29T07:00:00Z'],
    ['2026-03-29T02:00:00Z', 'resets 9am (Europe/Berlin)', '2026-03-29T07:00:00Z'],
    ['2026-03-07T22:00:00Z', 'resets 9am (America/New_York)', '2026-03-08T13:00:00Z'],
    ['2026-10-31T22:00:00Z', 'resets 9am (America/New_York)', '2026-11-01T14:00:00Z'],
    ['2026-03-26T12:00:00Z', 'resets Apr 1, 5pm (Europe/Berlin)', '2026-04-01T15:00:00Z'],
    // An hour that there is twice, and one that there is not.
    ['2026-10-31T22:00:00Z', 'resets 1:30am (America/New_York)', '2026-11-01T05:30:00Z'],
    ['2026-03-07T22:00:00Z', 'resets 2:30am (America/New_York)', '2026-03-08T07:30:00Z'],
  ])('at %s: %s means %s', (now, text, expected) => {
    expect(reset(text, at(now))).toBe(expected);
  });

  test('around New Year a day of January is the next one', () => {
    expect(resetTimeIn('resets Jan 2, 5pm (UTC)', at('2026-12-30T12:00:00Z'))).toBe(at('2027-01-02T17:00:00Z'));
  });

  test('no text makes it wait for the past, or for longer than a week', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), fc.nat(4_000_000_000), (text, number) => {
        const found = resetTimeIn(`${text} try again in ${number} seconds, resets at ${number}`, NOW);
        if (found === undefined) return;
        expect(found).toBeGreaterThanOrEqual(NOW);
        expect(found - NOW).toBeLessThanOrEqual(8 * 86_400_000);
      }),
    );
  });
});

test.each([
  ['Invalid API key · Please run /login', true],
  ['HTTP 401 Unauthorized', true],
  ['Not logged in', true],
  ['{"type":"error","error":{"type":"authentication_error"}}', true],
  ['Your access token could not be refreshed. Please log out and sign in again.', true],
  ['To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.', true],
  ['Please set an Auth method in your settings.json', true],
  ['invalid_api_key', true],
  ['permission denied: /etc/shadow', false],
  ['the test for login failed', false],
])('%s: may not work at all is %s', (text, expected) => {
  expect(isDenied(text)).toBe(expected);
});
