/** Finds lines and columns in a text. */
export interface LineIndex {
  /** 1-based line and column of an offset; columns count UTF-16 code units, as editors do. */
  placeOf(offset: number): { line: number; column: number };
}

/** Indexes the lines of a text, at the first question. */
export function indexLines(text: string): LineIndex {
  let starts: number[] | undefined;
  return {
    placeOf(offset) {
      starts ??= lineStarts(text);
      const within = Math.min(Math.max(offset, 0), text.length);
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (starts[middle]! <= within) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: within - starts[low]! + 1 };
    },
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
