import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../src/secrets/index.js';

const SECRET = 'p@ss w0rd/+?="Ω"!';
const redactor = createRedactor([SECRET]);

describe('a secret is hidden in every spelling', () => {
  test.each([
    ['as it is', `user:${SECRET}@host`, 'user:***@host'],
    ['in JSON', JSON.stringify({ a: SECRET }), '{"a":"***"}'],
    ['in a URL', `?q=${encodeURIComponent(SECRET)}&x`, '?q=***&x'],
    ['in a URL, with small letters', `?q=${encodeURIComponent(SECRET).toLowerCase()}&x`, '?q=***&x'],
    ['in a form', `q=${new URLSearchParams({ q: SECRET }).toString().slice(2)}`, 'q=***'],
  ])('%s', (_how, text, expected) => {
    expect(redactor.text(text)).toBe(expected);
  });

  test.each([0, 1, 2, 3, 4, 5])('in base64, behind %i other bytes', (before) => {
    for (const alphabet of ['base64', 'base64url'] as const) {
      const text = Buffer.from(`${'u'.repeat(before)}${SECRET}${'z'.repeat(before)}`).toString(alphabet);
      const redacted = redactor.text(text);
      expect(redacted).toContain('***');
      expect(Buffer.from(redacted.replaceAll('***', ''), alphabet).toString()).not.toContain('ss w0rd');
      expect(redacted.length).toBeLessThanOrEqual(3 + Math.ceil((before * 4) / 3) * 2 + 8);
    }
  });

  test('one of several lines, each line for itself', () => {
    const lines = createRedactor(['first-line\nsecond-line\r\nxy']);
    expect(lines.text('1: first-line\n2: second-line\n3: xy')).toBe('1: ***\n2: ***\n3: xy');
  });

  test('those that hold each other: the longer one wins', () => {
    expect(createRedactor(['abcd', 'abcdef']).text('abcdefg abcdx')).toBe('***g ***x');
  });

  test('in keys and texts of JSON values', () => {
    expect(redactor.json({ [SECRET]: [SECRET, 1, null, { a: `x${SECRET}` }] })).toEqual({
      '***': ['***', 1, null, { a: 'x***' }],
    });
  });

  test('but not what is too short to be told from text', () => {
    expect(createRedactor(['abc', '']).text('abc')).toBe('abc');
  });
});

/** A secret with a quote of each kind, and one without any sign that needs escaping. */
const HARD = `p'a"s\\s w0rd/+?=&<>Ωé😀!`;
const PLAIN = 'hunter2hunter3';
const utf8 = (text: string): string[] =>
  [...Buffer.from(text, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const points = (text: string): number[] => Array.from(text, (sign) => sign.codePointAt(0)!);
const pythonBytes = (text: string): string =>
  [...Buffer.from(text, 'utf8')]
    .map((byte, at) =>
      byte > 126
        ? `\\x${utf8(text)[at]!}`
        : byte === 92 || byte === 39
          ? `\\${String.fromCharCode(byte)}`
          : String.fromCharCode(byte),
    )
    .join('');

const ENCODED: readonly [string, (secret: string) => string][] = [
  ['JSON in JSON', (s) => json(json(s))],
  ['JSON in JSON in JSON', (s) => json(json(json(s)))],
  [
    'JSON with nothing but escapes',
    (s) => Array.from({ length: s.length }, (_, i) => `\\u${s.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  ],
  ['hex', (s) => utf8(s).join('')],
  ['hex in capitals', (s) => utf8(s).join('').toUpperCase()],
  ['hex with colons', (s) => utf8(s).join(':')],
  ['hex with spaces', (s) => utf8(s).join(' ')],
  [
    'hex as a list',
    (s) =>
      utf8(s)
        .map((pair) => `0x${pair}`)
        .join(', '),
  ],
  [
    'hex escapes',
    (s) =>
      utf8(s)
        .map((pair) => `\\x${pair}`)
        .join(''),
  ],
  ['hex in lines of 60', (s) => utf8(`0123456789abcdefghijklm${s}`).join('').replaceAll(/.{60}/g, '$&\n')],
  [
    'HTML',
    (s) =>
      s
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;'),
  ],
  [
    'HTML as Python escapes it',
    (s) =>
      s
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#x27;'),
  ],
  [
    'HTML in ASCII',
    (s) =>
      s
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll(/[^\0-\x7f]/gu, (sign) => `&#${sign.codePointAt(0)!};`),
  ],
  [
    'HTML in decimal numbers',
    (s) =>
      points(s)
        .map((code) => `&#${code};`)
        .join(''),
  ],
  [
    'HTML in hexadecimal numbers',
    (s) =>
      points(s)
        .map((code) => `&#x${code.toString(16)};`)
        .join(''),
  ],
  ['a repr of Python', (s) => s.replaceAll('\\', '\\\\').replaceAll("'", "\\'")],
  ['a repr of bytes', pythonBytes],
  ['a URL within a URL', (s) => encodeURIComponent(encodeURIComponent(s))],
  ['single quotes of a shell', (s) => s.replaceAll("'", `'\\''`)],
  ['base64 of UTF-16, as PowerShell takes it', (s) => Buffer.from(s, 'utf16le').toString('base64')],
  [
    'MIME',
    (s) =>
      Buffer.from(`${'x'.repeat(40)}${s}${'y'.repeat(80)}`)
        .toString('base64')
        .replaceAll(/.{76}/g, '$&\r\n'),
  ],
  [
    'MIME in JSON',
    (s) =>
      Buffer.from(`${'x'.repeat(40)}${s}`)
        .toString('base64')
        .replaceAll(/.{76}/g, '$&\\n'),
  ],
];

describe('a secret is hidden in what encodes it', () => {
  test.each(ENCODED)('%s', (_how, encode) => {
    for (const secret of [HARD, PLAIN]) {
      const text = encode(secret);
      const redacted = createRedactor([secret]).text(`<${text}>`);
      expect([text, redacted]).toEqual([text, expect.stringContaining('***')]);
      // What is left is the mask, what stood round the secret, and at most a sign that both share.
      expect(redacted.length).toBeLessThanOrEqual(encode('').length + 16);
    }
  });

  test.each([0, 1, 2])('UTF-16 in both orders, behind %i other bytes', (before) => {
    for (const secret of [HARD, PLAIN]) {
      const little = Buffer.from(`a${secret}b`, 'utf16le');
      for (const bytes of [little, Buffer.from(little).swap16()]) {
        const stream = createRedactor([secret]).stream();
        const given = Buffer.concat([Buffer.alloc(before, 'z'), bytes]);
        const out = Buffer.concat([stream.push(given), stream.end()]);
        expect(out.toString('latin1')).toMatch(/^z*\0?a\0?\*\*\*\0?b\0?$/);
      }
    }
  });

  test('MIME that breaks its lines anywhere', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 90 }),
        fc.constantFrom('\n', '\r\n', '\\n'),
        fc.constantFrom(64, 76),
        (before, sign, columns) => {
          const whole = Buffer.from(`${'x'.repeat(before)}${HARD}${'y'.repeat(9)}`).toString('base64');
          const text = whole.replaceAll(new RegExp(`.{${columns}}`, 'g'), `$&${sign}`);
          const left = createRedactor([HARD]).text(text).replaceAll(sign, '').replace('***', '');
          const own = Math.floor(((before + Buffer.byteLength(HARD)) * 4) / 3) - Math.ceil((before * 4) / 3);
          // Two signs may be left, where a line ends in the first two of the secret's own.
          expect(left.length).toBeLessThanOrEqual(whole.length - own + 3);
        },
      ),
    );
  });
});

const a = (count: number): string => 'aB3dE6gH9j'.repeat(30).slice(0, count);
const KEY = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${`${a(64)}\n`.repeat(20)}-----END RSA PRIVATE KEY-----`;

describe('tokens that are known by their looks are hidden without a declaration', () => {
  test.each([
    `ghp_${a(36)}`,
    `github_pat_${a(40)}`,
    `glpat-${a(20)}`,
    'AKIAIOSFODNN7EXAMPLE',
    `xoxb-${a(24)}`,
    `sk-ant-api03-${a(40)}`,
    `sk_live_${a(24)}`,
    `AIza${a(35)}`,
    `npm_${a(36)}`,
    `eyJ${a(20)}.eyJ${a(30)}.${a(43)}`,
    KEY,
    KEY.replaceAll('RSA ', 'OPENSSH '),
    KEY.replaceAll('\n', '\\n'),
  ])('%#', (token) => {
    expect(createRedactor().text(`token=${token} end`)).toBe('token=*** end');
  });

  test('and ordinary text is left alone', () => {
    const text =
      'risk-assessment-of-the-whole-thing ghp_short task_test_1 https://example.com/a/b 3f786850e387550fdab836ed7e6dc881de23001b\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
    expect(createRedactor().text(text)).toBe(text);
  });
});

describe('a stream', () => {
  const encodings = ENCODED.map(([, encode]) => encode(SECRET));
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(...encodings),
      fc.constantFrom(...encodings).chain((text) => fc.nat(text.length).map((at) => text.slice(0, at))),
      fc.constantFrom(
        SECRET,
        KEY,
        `ghp_${a(36)}`,
        '-----BEGIN RSA PRIVATE KEY-----',
        KEY.slice(0, 200),
        KEY.slice(-90),
        'p@ss',
        ' ',
        '\n',
        '***',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 20 },
  );

  test('gives the same wherever it is cut', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (texts, sizes) => {
        const bytes = Buffer.from(texts.join(''), 'utf8');
        const whole = redactor.stream();
        const expected = Buffer.concat([whole.push(bytes), whole.end()]);
        const cut = redactor.stream();
        const out: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          out.push(cut.push(bytes.subarray(at, at + size)));
          at += size;
        }
        out.push(cut.end());
        expect(Buffer.concat(out).toString('latin1')).toBe(expected.toString('latin1'));
        expect(expected.includes(SECRET)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves bytes that are no text as they are', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const stream = createRedactor().stream();
    expect(Buffer.concat([stream.push(bytes), stream.end()])).toEqual(bytes);
  });

  test('holds little back: whole lines come out at once, and a long run without spaces does too', () => {
    const stream = redactor.stream();
    expect(stream.push(Buffer.from('one\ntwo ')).toString()).toBe('one\ntwo ');
    expect(stream.push(Buffer.alloc(100_000, 'x')).length).toBeGreaterThan(90_000);
    expect(stream.push(Buffer.from(' -----BEGIN CERTIFICATE-----\nabc\n')).toString()).toMatch(/abc\n$/);
  });
});
