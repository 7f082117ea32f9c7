/** Control sequences of terminals: titles and links (closed ones only), colours and modes, then what is left of others. */
const ESCAPES =
  // oxlint-disable-next-line no-control-regex
  /\u001B[\]PX^_][^\u0007\u001B\n\r]*(?:\u0007|\u001B\\)|(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B[ -/]+[0-~]|\u001B[0-~]?/g;
/** Characters that nobody sees: byte order marks, joiners, other controls than ends of lines and tabs. */
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001A\u001C-\u001F\u007F\u200B-\u200F\u202A-\u202E\u2060\uFEFF]/g;

/** A text as it is seen: without control sequences of terminals, byte order marks and invisible characters. */
export function plainText(text: string): string {
  return text.replace(ESCAPES, '').replace(UNSEEN, '');
}

/** Text of a file that a script may have written in any of the usual encodings: UTF-8, and UTF-16 with or without its mark. */
export function decodeText(bytes: Uint8Array): string {
  const [first = 0, second = 0] = bytes;
  if (first === 0xff && second === 0xfe) return decode('utf-16le', bytes);
  if (first === 0xfe && second === 0xff) return decode('utf-16be', bytes);
  // ASCII in two bytes each: every other one is zero.
  const head = bytes.subarray(0, 64);
  if (head.length >= 4 && head.length % 2 === 0) {
    const zeros = [0, 1].map((at) => head.filter((byte, index) => index % 2 === at && byte === 0).length);
    if (zeros[1] === head.length / 2 && zeros[0] === 0) return decode('utf-16le', bytes);
    if (zeros[0] === head.length / 2 && zeros[1] === 0) return decode('utf-16be', bytes);
  }
  return decode('utf-8', bytes);
}

function decode(encoding: string, bytes: Uint8Array): string {
  return new TextDecoder(encoding).decode(bytes);
}
