import { ANCHOR, type Needle } from './needles.js';

/** Characters that are looked at together, and how far the search may go on where none of them is known. */
const BLOCK = 3;
const FARTHEST = ANCHOR - BLOCK + 1;

/** Where a text has a needle. */
export interface Found {
  index: number;
  end: number;
}

/** Looks for many needles at once. How long that takes hardly depends on their number. */
export interface Finder {
  /** The first place from `from` on, and the longest needle there. */
  next(text: string, from: number): Found | undefined;
  /** Where the first needle begins that the end of the text may be the beginning of; the text's length where none does. */
  open(text: string): number;
}

/** Makes a finder: Wu and Manber's search over the needles' beginnings, and a look at the whole needle where one is. */
export function createFinder(needles: readonly Needle[]): Finder {
  const byAnchor = new Map<string, Needle[]>();
  for (const needle of needles) {
    for (const anchor of needle.anchors) byAnchor.set(anchor, [...(byAnchor.get(anchor) ?? []), needle]);
  }
  const anchors = [...byAnchor.keys()].toSorted(byCode);
  const skips = skipTable(anchors);
  const longest = Math.max(0, ...needles.map((needle) => needle.longest));

  return {
    next: (text, from) => scan(text, from, (needle, at) => needle.matchAt(text, at)),
    open(text) {
      const partial = scan(text, Math.max(0, text.length - longest), (needle, at) =>
        needle.matchAt(text, at) === 'open' ? text.length : 'no',
      );
      if (partial !== undefined) return partial.index;
      for (let at = Math.max(0, text.length - ANCHOR + 1); at < text.length; at += 1) {
        if (begins(anchors, text.slice(at))) return at;
      }
      return text.length;
    },
  };

  function scan(
    text: string,
    from: number,
    match: (needle: Needle, at: number) => number | 'open' | 'no',
  ): Found | undefined {
    if (anchors.length === 0) return undefined;
    for (let last = from + ANCHOR - 1; last < text.length;) {
      const skip = skips[hashAt(text, last)]!;
      if (skip > 0) {
        last += skip;
        continue;
      }
      const index = last - ANCHOR + 1;
      const end = longestAt(byAnchor.get(text.slice(index, last + 1)) ?? [], index, match);
      if (end > index) return { index, end };
      last += 1;
    }
    return undefined;
  }
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
    for (let last = BLOCK - 1; last < ANCHOR; last += 1) {
      const hash = hashAt(anchor, last);
      skips[hash] = Math.min(skips[hash]!, ANCHOR - 1 - last);
    }
  }
  return skips;
}

/** Of the block that ends at `last`. */
function hashAt(text: string, last: number): number {
  return (text.charCodeAt(last) ^ (text.charCodeAt(last - 1) << 5) ^ (text.charCodeAt(last - 2) << 10)) & 0xffff;
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
