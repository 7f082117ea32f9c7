import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDenied, quotaIn, resetTimeIn } from '../../src/agents/quota.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const at = (text: string): number => Date.parse(text);

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
    'scratched your usage limits',
  ])('%j is none', (text) => {
    expect(quotaIn(text, NOW)).toBeUndefined();
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
