/** A text in the spellings of formats that escape what they cannot hold: JSON, URLs, HTML, Python, shells, mail. */
export function escapedSpellings(text: string): string[] {
  return [...inJson(text), ...inUrl(text), ...inHtml(text), ...inPython(text), ...inShell(text), inMail(text)];
}

/** How deep JSON within JSON is looked for. */
const JSON_DEPTH = 3;

function inJson(text: string): string[] {
  let level = [text];
  const all: string[] = [];
  for (let depth = 0; depth < JSON_DEPTH; depth += 1) {
    level = [...new Set(level.flatMap(escapedOnce))];
    all.push(...level);
  }
  // Every sign as an escape, as nobody needs to.
  return [...all, unicodeEscape(text)];
}

function escapedOnce(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  // Slashes may be escaped, and so may all that is not ASCII.
  return [plain, plain.replaceAll('/', '\\/'), plain.replaceAll(/[\u0080-\uffff]/g, unicodeEscape)];
}

function unicodeEscape(signs: string): string {
  return Array.from({ length: signs.length }, (_, at) => `\\u${hexOf(signs.charCodeAt(at), 4)}`).join('');
}

function inUrl(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8').toString('utf8'); // a lone surrogate, which no URL can hold, becomes U+FFFD
  const component = encodeURIComponent(bytes);
  // RFC 3986 escapes more than encodeURIComponent does.
  const strict = component.replaceAll(/[!'()*]/g, (sign) => `%${hexOf(sign.charCodeAt(0), 2).toUpperCase()}`);
  const upper = [component, strict, strict.replaceAll('%20', '+'), encodeURI(bytes)];
  const twice = [component, strict].map((each) => encodeURIComponent(each)); // a URL within a URL
  return [...upper, ...twice].flatMap((each) => [each, each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

type Entities = Readonly<Record<string, string>>;
const TAGS: Entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** What libraries in use replace, besides tags: PHP and lodash; Python; Go and Jinja; XML; Mustache. */
const ENTITIES: readonly Entities[] = [
  TAGS,
  { ...TAGS, '"': '&quot;' },
  { ...TAGS, '"': '&quot;', "'": '&#39;' },
  { ...TAGS, '"': '&quot;', "'": '&#039;' },
  { ...TAGS, '"': '&quot;', "'": '&#x27;' },
  { ...TAGS, '"': '&quot;', "'": '&apos;' },
  { ...TAGS, '"': '&#34;', "'": '&#39;' },
  { ...TAGS, '"': '&#34;', "'": '&#39;', '+': '&#43;' },
  { ...TAGS, '"': '&quot;', "'": '&#39;', '/': '&#x2F;', '`': '&#x60;', '=': '&#x3D;' },
];

function inHtml(text: string): string[] {
  const named = [
    ...new Set(ENTITIES.map((entities) => text.replaceAll(/[&<>"'+/`=]/g, (sign) => entities[sign] ?? sign))),
  ];
  const numbers = [decimal, hexadecimal, upperHexadecimal];
  const ascii = named.flatMap((each) => numbers.map((number) => each.replaceAll(/[^\0-\u007f]/gu, number)));
  return [...named, ...ascii, ...numbers.map((number) => Array.from(text, number).join(''))];
}

const decimal = (sign: string): string => `&#${sign.codePointAt(0)!};`;
const hexadecimal = (sign: string): string => `&#x${sign.codePointAt(0)!.toString(16)};`;
const upperHexadecimal = (sign: string): string => `&#x${sign.codePointAt(0)!.toString(16).toUpperCase()};`;

const PYTHON: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** As `repr` and `ascii` show a text, and `repr` its bytes; a quote is escaped only where both kinds are there. */
function inPython(text: string): string[] {
  const escaped = text.replaceAll(/[\\\p{Cc}]/gu, (sign) => PYTHON[sign] ?? byteEscape(sign.charCodeAt(0)));
  const ascii = escaped.replaceAll(/[^\0-\u007f]/gu, pythonEscape);
  const bytes = escaped.replaceAll(/[^\0-\u007f]/gu, (sign) => [...Buffer.from(sign, 'utf8')].map(byteEscape).join(''));
  return [escaped, ascii, bytes].flatMap((each) => [each, each.replaceAll("'", "\\'")]);
}

function pythonEscape(sign: string): string {
  const code = sign.codePointAt(0)!;
  if (code <= 0xff) return byteEscape(code);
  return code <= 0xffff ? `\\u${hexOf(code, 4)}` : `\\U${hexOf(code, 8)}`;
}

function byteEscape(code: number): string {
  return `\\x${hexOf(code, 2)}`;
}

/** Within single quotes, and as `printf %q` has it. */
function inShell(text: string): string[] {
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/[^\w@%+=:,./\n\u0080-\uffff-]/g, '\\$&'),
  ];
}

/** Quoted-printable (RFC 2045). */
function inMail(text: string): string {
  return text.replaceAll(/[=\u0080-\uffff]+/g, (signs) =>
    [...Buffer.from(signs, 'utf8')].map((byte) => `=${hexOf(byte, 2).toUpperCase()}`).join(''),
  );
}

function hexOf(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
