/** Shorter values cannot be told from ordinary text: to hide them would garble everything. */
export const MIN_SECRET_LENGTH = 4;
/** A part of a secret (a line of it, what base64 makes of its middle) is hidden from this length on. */
const MIN_PART = 8;

/**
 * The ways in which a secret may show up: as it is, line by line, in JSON, in a URL, in base64. Not sorted, each once.
 *
 * @param secret its value; one shorter than {@link MIN_SECRET_LENGTH} has no spelling
 */
export function spellings(secret: string): string[] {
  const trimmed = secret.trim();
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim());
  const plain = [secret, trimmed, ...(lines.length > 1 ? lines.filter((line) => line.length >= MIN_PART) : [])];
  const known = new Set<string>();
  for (const text of plain) {
    if (text.length < MIN_SECRET_LENGTH) continue;
    for (const spelling of [text, ...inJson(text), ...inUrl(text), ...inBase64(text)]) known.add(spelling);
  }
  return [...known];
}

function inJson(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  // Slashes may be escaped, and so may all that is not ASCII.
  const ascii = plain.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [plain, plain.replaceAll('/', '\\/'), ascii];
}

function inUrl(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8').toString('utf8'); // a lone surrogate, which no URL can hold, becomes U+FFFD
  const component = encodeURIComponent(bytes);
  // RFC 3986 escapes more than encodeURIComponent does.
  const strict = component.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const upper = [component, strict, strict.replaceAll('%20', '+'), encodeURI(bytes)];
  return upper.flatMap((each) => [each, each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

/**
 * In base64 a text looks differently by how many bytes stand before it, and its ends mix with what is around. So the
 * part that depends on nothing else is looked for, at each of the three places (RFC 4648, both alphabets).
 */
function inBase64(text: string): string[] {
  const bytes = Buffer.from(text, 'utf8');
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const mixedAtStart = [0, 2, 3][before]!;
    const mixedAtEnd = (before + bytes.length) % 3 === 0 ? 0 : 1;
    const toTheEnd = encoded.slice(mixedAtStart); // where nothing follows, with its padding
    const padding = '='.repeat((4 - (encoded.length % 4)) % 4);
    const own = encoded.slice(mixedAtStart, encoded.length - mixedAtEnd);
    const found = [`${toTheEnd}${padding}`, toTheEnd, own].filter((text) => text.length >= MIN_PART);
    return found.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
  });
}
