import { escapedSpellings } from './encodings.js';

/** Shorter values cannot be told from ordinary text: to hide them would garble everything. */
export const MIN_SECRET_LENGTH = 4;
/** A part of a secret (a line of it, what base64 makes of its middle) is hidden from this length on. */
const MIN_PART = 8;

/** The ways in which a secret may show up, each once, not sorted. */
export interface Spellings {
  /** As text, in whatever encoding texts are. */
  texts: string[];
  /** As bytes, a character each. */
  bytes: string[];
  /** Of `texts`, those that may be broken into lines anywhere. */
  wrapped: string[];
}

/** What stands between the bytes of a dump in hex; some put it before the first one, too. */
const BETWEEN_HEX = ['', ' ', ':', '-', ', ', ',', '\\x', '\\\\x', ', 0x', ',0x', ' 0x', '%'];

/**
 * Finds the spellings of a secret: as it is, line by line, escaped as formats do, in URLs, base64, hex and UTF-16.
 *
 * @param secret its value; one shorter than {@link MIN_SECRET_LENGTH} has no spelling
 */
export function spellings(secret: string): Spellings {
  const trimmed = secret.trim();
  const lines = trimmed.split(/\r?\n/).map((line) => line.trim());
  const whole = [secret, trimmed].filter((text) => text.length >= MIN_SECRET_LENGTH);
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= MIN_PART) : [];
  const texts = new Set<string>();
  const bytes = new Set<string>();
  const wrapped = new Set<string>();
  for (const text of [...whole, ...parts]) {
    const encoded = [...inBase64(Buffer.from(text, 'utf8')), ...inBase64(Buffer.from(text, 'utf16le'))];
    for (const each of [text, ...escapedSpellings(text), ...encoded, ...inHex(text)]) texts.add(each);
    for (const each of inUtf16(text)) bytes.add(each);
    // Of a secret of several lines the whole is wrapped, and it holds its lines.
    if (whole.includes(text)) for (const each of [...encoded, ...inHex(text, [''])]) wrapped.add(each);
  }
  return { texts: [...texts], bytes: [...bytes], wrapped: [...wrapped].filter((each) => each.length >= MIN_PART) };
}

function inHex(text: string, between: readonly string[] = BETWEEN_HEX): string[] {
  const pairs = [...Buffer.from(text, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
  return between.flatMap((sign) => [pairs.join(sign), pairs.map((pair) => pair.toUpperCase()).join(sign)]);
}

/** Both orders of bytes. The zero at an end is left: it may belong to what is beside. */
function inUtf16(text: string): string[] {
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  return [little, big].map((each) => each.toString('latin1').replace(/^\0|\0$/, ''));
}

/**
 * In base64 a text looks differently by how many bytes stand before it, and its ends mix with what is around. So the
 * part that depends on nothing else is looked for, at each of the three places (RFC 4648, both alphabets).
 */
function inBase64(bytes: Buffer): string[] {
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
