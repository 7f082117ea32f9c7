import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/secrets/index.js';

const redactor = createRedactor();
const text = (line: string): string => redactor.text(line);

/** Lines with a secret, and what is to be left of them. */
const HIDDEN: readonly [string, string][] = [
  ['password=hunter2', 'password=***'],
  ['DB_PASSWORD=correcthorse', 'DB_PASSWORD=***'],
  ['export MY_API_KEY=abc-def.ghi', 'export MY_API_KEY=***'],
  ['password: hunter2!x', 'password: ***'],
  ['password = "hunter22"', 'password = "***"'],
  ["passwd='s3cr3t,with;signs)x'", "passwd='***'"],
  ['token: abcdef123456', 'token: ***'],
  ['  authToken: "a1b2c3d4e5",', '  authToken: "***",'],
  ['api_key="sUp3rS3cret"', 'api_key="***"'],
  ['apikey = supers3cretvalue', 'apikey = ***'],
  ['client_secret=Zm9vYmFyYmF6, scope=x', 'client_secret=***, scope=x'],
  ['{"password":"hunter22","n":1}', '{"password":"***","n":1}'],
  [
    String.raw`{"text":"the \"token\": \"abc123def\" is in .env\nnext"}`,
    String.raw`{"text":"the \"token\": \"***\" is in .env\nnext"}`,
  ],
  [String.raw`{"text":"PASSWORD=hunter22\nNEXT=1"}`, String.raw`{"text":"PASSWORD=***\nNEXT=1"}`],
  ['https://h/x?token=abc123def&page=2', 'https://h/x?token=***&page=2'],
  ['Authorization: Bearer abcdefghijkl', 'Authorization: Bearer ***'],
  [`-H 'Authorization: Basic dXNlcjpwYXNz'`, `-H 'Authorization: Basic ***'`],
  ['"authorization": "token gho_short12"', '"authorization": "token ***"'],
  ['sent Bearer 0123456789abcdef0123', 'sent Bearer ***'],
  ['git clone https://user:pass@host/x.git', 'git clone https://user:***@host/x.git'],
  ['postgres://app:p4ss@db:5432/x', 'postgres://app:***@db:5432/x'],
  ['AccountName=a;AccountKey=bm90IGEga2V5IGF0IGFsbA==', 'AccountName=a;AccountKey=***'],
  ['Server=x;Pwd=hunter22', 'Server=x;Pwd=***'],
  ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'aws_secret_access_key = ***'],
  ['secret: hunter2hunter', 'secret: ***'],
  [`ya29.${'a1B2_'.repeat(6)} and gsk_${'a1B2'.repeat(8)} and xai-${'a1B2'.repeat(8)}`, '*** and *** and ***'],
];

/** Lines of text and code that have no secret. */
const ORDINARY: readonly string[] = [
  'token: 12',
  'tokens: 150000, max_tokens=150000',
  'token: 150000 of 200000 used',
  'password=***',
  'password: string;',
  'password?: string | undefined',
  'password: required',
  'The password: at least 8 characters',
  'const token = getToken();',
  'const token = await fetchToken2(user);',
  'token = request.headers.token',
  'let secret = config.secret2;',
  'const password = user.password ?? process.env.PASSWORD;',
  'api_key = os.environ["API_KEY_2"]',
  'api_key = os.getenv("API_KEY")',
  'self.token = token',
  'login(user, password=password2)',
  'f(token=token, secret=secret)',
  'token := lexer.Next()',
  'if (token === expected1) return;',
  'token => token.length',
  'pub token: Option<String>,',
  'Token::Identifier1 =>',
  'token: ${{ secrets.TOKEN }}',
  'password: "${DB_PASSWORD}"',
  'password=$DB_PASSWORD',
  'Authorization: Bearer $TOKEN',
  'Authorization: Bearer <token>',
  'a bearer of bad news: extraordinarily',
  '"password": "string"',
  'name="new_password" id="token"',
  '{"token": "invalid_token"}',
  'http://localhost:8080/path and https://host/a:b',
  'mailto:user@host',
  'secret: 2026-11-28',
  'PWD=/home/somebody/project',
  'test/secrets/redactor.test.ts > password: hides',
  'export type Token = { kind: string };',
  "throw new Error('unexpected token: ' + next);",
  'Unexpected token: punctuation (,)',
  'keyToken=identifier; other',
];

describe('a value behind a name that says it is secret is hidden', () => {
  test.each(HIDDEN)('%s', (line, expected) => {
    expect(text(line)).toBe(expected);
    expect(text(`before\n  ${line}\nafter`)).toBe(`before\n  ${expected}\nafter`);
  });

  test('a secret of the plan that is longer than what the name shows is hidden whole', () => {
    expect(createRedactor(['hunter2 and more']).text('password=hunter2 and more')).toBe('password=***');
  });
});

test('the value of a key of an object with such a name is hidden, and nothing else of it', () => {
  const env = { API_TOKEN: 'abc123def', DB_PASSWORD: 'hunter22', TOKEN_COUNT: '1234567', PATH: '/usr/bin:/bin' };
  const values = { prompt: 'use password=hunter22', env, password: '${DB_PASSWORD}', token: 'a b c 1 2 3', secret: 12 };
  expect(createRedactor().json(values)).toEqual({
    ...values,
    prompt: 'use password=***',
    env: { ...env, API_TOKEN: '***', DB_PASSWORD: '***' },
  });
  expect(createRedactor([], { shapes: false }).json(values)).toEqual(values);
});

describe('ordinary text and code stay as they are', () => {
  test.each(ORDINARY)('%s', (line) => {
    expect(text(line)).toBe(line);
    expect(text(`  ${line}\n`)).toBe(`  ${line}\n`);
  });
});

test('what comes in pieces is hidden the same, wherever they are cut', () => {
  const lines = [...HIDDEN.map(([line]) => line), ...ORDINARY];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 6 }), fc.array(fc.nat(200)), (some, sizes) => {
      const whole = some.join('\n');
      const bytes = Buffer.from(whole);
      const copy = redactor.stream();
      const out: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        out.push(copy.push(bytes.subarray(at, at + size)));
        at += size;
      }
      out.push(copy.push(bytes.subarray(at)), copy.end());
      expect(Buffer.concat(out).toString()).toBe(Buffer.from(text(whole)).toString());
    }),
    { numRuns: 300 },
  );
});

test('no text makes the search slow', () => {
  for (const line of ['password=', 'token: "', 'a://', 'Authorization: ', 'bearer ', 'x'.repeat(50), 'token=a.b.']) {
    const begin = performance.now();
    const all = line.repeat(200_000 / line.length);
    text(all);
    const copy = redactor.stream();
    copy.push(Buffer.from(all));
    copy.end();
    expect(performance.now() - begin).toBeLessThan(5_000);
  }
});
