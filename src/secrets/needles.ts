/** Characters of an anchor: what stands at the beginning of every needle, and is looked for first. */
export const ANCHOR = 8;

/** Something to be found in a text. */
export interface Needle {
  /** What the first characters of a place where it is may be; one of them has always {@link ANCHOR}. */
  anchors: readonly string[];
  /** Characters that it takes at most. */
  longest: number;
  /** Where it ends that begins at `at`; `open` where the text ends before it does. */
  matchAt(this: void, text: string, at: number): number | 'open' | 'no';
}

/** Breaks of a line, as they are and as JSON has them. */
const BREAKS = ['\n', '\r\n', '\\n', '\\r\\n'];

/** A text as it is, of {@link ANCHOR} characters at least. */
export function literal(needle: string): Needle {
  return {
    anchors: [needle.slice(0, ANCHOR)],
    longest: needle.length,
    matchAt: (text, at) => {
      if (text.length - at >= needle.length) return text.startsWith(needle, at) ? at + needle.length : 'no';
      return needle.startsWith(text.slice(at)) ? 'open' : 'no';
    },
  };
}

/** Characters that stand together before the first break: the end of any line may be the beginning of fewer. */
const BEFORE_BREAK = 2;

/**
 * The same, where a break of a line may stand between any two characters, as MIME and PEM wrap what they encode. One
 * that comes so early that the first needle has no place for it is where the second one begins.
 */
export function wrapped(needle: string): Needle[] {
  return [needle, needle.slice(BEFORE_BREAK)].filter((each) => each.length >= ANCHOR).map(breakable);
}

function breakable(needle: string): Needle {
  const broken = Array.from({ length: ANCHOR - BEFORE_BREAK }, (_, place) =>
    BREAKS.map((sign) =>
      `${needle.slice(0, place + BEFORE_BREAK)}${sign}${needle.slice(place + BEFORE_BREAK)}`.slice(0, ANCHOR),
    ),
  );
  return {
    anchors: [...new Set([needle.slice(0, ANCHOR), ...broken.flat()])],
    longest: needle.length * 5,
    matchAt: (text, at) => matchWrapped(needle, text, at),
  };
}

function matchWrapped(needle: string, text: string, start: number): number | 'open' | 'no' {
  let at = start;
  for (let place = 0; place < needle.length; place += 1) {
    if (place >= BEFORE_BREAK) {
      const found = breakAt(text, at);
      if (found === 'open') return 'open';
      at += found;
    }
    if (at >= text.length) return 'open';
    if (text.charCodeAt(at) !== needle.charCodeAt(place)) return 'no';
    at += 1;
  }
  return at;
}

/** Characters of the break that stands there, 0 where none does. */
function breakAt(text: string, at: number): number | 'open' {
  const sign = text.charCodeAt(at);
  if (sign !== 10 && sign !== 13 && sign !== 92) return 0;
  const rest = text.slice(at, at + 4);
  const found = BREAKS.find((each) => rest.startsWith(each));
  if (found !== undefined) return found.length;
  return BREAKS.some((each) => each.startsWith(rest)) ? 'open' : 0;
}
