/** A line that a change adds; the header of a file begins with the same sign. */
const ADDED = /^\+(?!\+\+ )/;

/** The change of one file. */
interface FileChange {
  name: string;
  lines: string[];
  added: number;
  removed: number;
}

/**
 * A change as a reviewer is shown it: first the list of its files, then what has changed in each. Where that is too long
 * each file keeps its beginning, the short ones all of it, so that none hides behind a long one.
 *
 * @param whole as `git diff` prints it
 * @returns `cut` lines are left out
 */
export function cutDiff(whole: string, maxLines: number): { diff: string; cut: number } {
  const files = filesOf(whole);
  if (files.length === 0) return { diff: '', cut: 0 };
  const list = files.map(({ name, added, removed }) => `# ${name} (+${added} -${removed})`);
  const shown = allowances(
    files.map(({ lines }) => lines.length),
    maxLines,
  );
  const parts = files.flatMap(({ name, lines }, index) => {
    const left = lines.length - shown[index]!;
    return [...lines.slice(0, shown[index]), ...(left === 0 ? [] : [`# ${left} more lines of ${name}`])];
  });
  const cut = files.reduce((sum, { lines }, index) => sum + lines.length - shown[index]!, 0);
  return { diff: [...list, '', ...parts].join('\n'), cut };
}

/** Lines that a change adds, by the files that they are in. */
export function addedLines(whole: string): { file: string; line: string }[] {
  return filesOf(whole).flatMap(({ name, lines }) =>
    lines.flatMap((line) => (ADDED.test(line) ? [{ file: name, line: line.slice(1) }] : [])),
  );
}

function filesOf(whole: string): FileChange[] {
  const files: FileChange[] = [];
  for (const line of whole.trimEnd().split('\n')) {
    const [, name] = /^diff --git a\/.+ b\/(.+)$/.exec(line) ?? [];
    if (line.startsWith('diff --git ')) files.push({ name: name ?? line.slice(11), lines: [], added: 0, removed: 0 });
    const file = files.at(-1);
    if (file === undefined) continue;
    file.lines.push(line);
    if (ADDED.test(line)) file.added += 1;
    if (/^-(?!-- )/.test(line)) file.removed += 1;
  }
  return files;
}

/** How much each gets of what there is, the small ones first: what they leave goes to the others. */
function allowances(sizes: readonly number[], total: number): number[] {
  const given = sizes.map(() => 0);
  const order = [...sizes.keys()].sort((a, b) => sizes[a]! - sizes[b]!);
  let left = total;
  for (const [place, index] of order.entries()) {
    given[index] = Math.min(sizes[index]!, Math.floor(left / (order.length - place)));
    left -= given[index];
  }
  return given;
}
