/** Names above this are not compared: nobody mistypes them by a letter, and comparing costs their product. */
const MAX_LENGTH = 64;

/**
 * Finds what was probably meant: the known name nearest to a misspelt one.
 *
 * @returns undefined where none is near: more than a third of its letters would have to change.
 */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = fold(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    if (candidate.length > MAX_LENGTH || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(wanted, fold(candidate), bestDistance);
    // A name of one letter is near every other one.
    if (distance < bestDistance && distance < Math.max(candidate.length, name.length)) {
      best = candidate;
      bestDistance = distance;
    }
    if (bestDistance === 0) break;
  }
  return best;
}

/** The hint for a misspelt name, or undefined. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const near = suggest(name, known);
  return near === undefined ? undefined : `did you mean '${near}'?`;
}

/** `dependsOn` and `depends-on` are the same mistake as `depends_on`: none. */
function fold(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Damerau-Levenshtein distance (neighbours may swap); gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, before[column - 2]! + 1);
      }
      current.push(cost);
      least = Math.min(least, cost);
    }
    // A swap reaches back two rows, so a row at the limit may still be undercut by one.
    if (least > limit) return limit;
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}
