import { ANCHOR, type Needle } from './needles.js';

/** Characters that are looked at together, and how far the search may go on where none of them is known. */
const BLOCK = 3;
const FARTHEST = ANCHOR - BLOCK + 1;

/** Where a text has a needle. */
export interface Found {
  index: number;
  end: number;
  /** Where what it was known by begins, in front of it. */
  from?: number;
}

/** Looks for many needles at once. How long that takes hardly depends on their number. */
export interface Finder {
  in(this: void, text: string): Look;
}

/** A search in one text. */
export interface Look {
  /** The first place from `from` on, and the longest needle there. */
  next(from: number): Found | undefined;
  /** Where the first needle begins that the end of the text may be the beginning of; the text's length where none does. */
  open(): number;
}

/** Makes a finder: Wu and Manber's search over the needles' beginnings, and a look at the whole needle where one is. */
export function createFinder(needles: readonly Needle[]): Finder {
  if (needles.length === 0) return { in: (text) => ({ next: () => undefined, open: () => text.length }) };
  const byAnchor = new Map<string, Needle[]>();
  for (const needle of needles) {
    for (const anchor of needle.anchors) {
      const known = byAnchor.get(anchor);
      if (known === undefined) byAnchor.set(anchor, [needle]);
      else known.push(needle);
    }
  }
  const anchors = [...byAnchor.keys()].toSorted(byCode);
  const skips = skipTable(anchors);
  const longest = Math.max(...needles.map((needle) => needle.longest));

  return {
    in(text) {
      const codes = codesOf(text);
      return {
        next: (from) => scan(text, codes, from, (needle, at) => needle.matchAt(text, at)),
        open() {
          const partial = scan(text, codes, Math.max(0, text.length - longest), (needle, at) =>
            needle.matchAt(text, at) === 'open' ? text.length : 'no',
          );
          if (partial !== undefined) return partial.index;
          for (let at = Math.max(0, text.length - ANCHOR + 1); at < text.length; at += 1) {
            if (begins(anchors, text.slice(at))) return at;
          }
          return text.length;
        },
      };
    },
  };

  function scan(
    text: string,
    codes: Uint8Array,
    from: number,
    match: (needle: Needle, at: number) => number | 'open' | 'no',
  ): Found | undefined {
    for (let last = from + ANCHOR - 1; last < codes.length;) {
      const skip = skips[hashAt(codes, last)]!;
      if (skip > 0) {
        last += skip;
        continue;
      }
      const index = last - ANCHOR + 1;
      const known = byAnchor.get(text.slice(index, last + 1));
      const end = known === undefined ? index : longestAt(known, index, match);
      if (end > index) return { index, end };
      last += 1;
    }
    return undefined;
  }
}

/** A byte for each character: of one that is no Latin-1 its lower half, which is enough to skip by. */
function codesOf(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function longestAt(
  needles: readonly Needle[],
  index: number,
  match: (needle: Needle, at: number) => number | 'open' | 'no',
): number {
  let end = index;
  for (const needle of needles) {
    const found = match(needle, index);
    if (typeof found === 'number') end = Math.max(end, found);
  }
  return end;
}

/** How far the search may go on by the block that stands at the end of where an anchor would. */
function skipTable(anchors: readonly string[]): Uint8Array {
  const skips = new Uint8Array(1 << 16).fill(FARTHEST);
  for (const anchor of anchors) {
    const codes = codesOf(anchor);
    for (let last = BLOCK - 1; last < ANCHOR; last += 1) {
      const hash = hashAt(codes, last);
      skips[hash] = Math.min(skips[hash]!, ANCHOR - 1 - last);
    }
  }
  return skips;
}

/** Of the block that ends at `last`. */
function hashAt(codes: Uint8Array, last: number): number {
  return (codes[last]! ^ (codes[last - 1]! << 4) ^ (codes[last - 2]! << 8)) & 0xffff;
}

/** Whether one of the sorted texts begins so. */
function begins(sorted: readonly string[], start: string): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(start) === true;
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
