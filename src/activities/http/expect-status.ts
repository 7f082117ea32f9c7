import type { Result } from '../../plan/model/diagnostic.js';

/** Status codes from `from` to `to`, both included. */
export interface StatusRange {
  from: number;
  to: number;
}

const SUCCESS: readonly StatusRange[] = [{ from: 200, to: 299 }];

/**
 * Reads `expect_status`.
 *
 * @param forms codes (`200`), classes (`2xx`) and ranges (`200-204`); absent means `2xx`.
 * @returns the ranges, or a sentence for each form that is wrong.
 */
export function parseExpectStatus(
  forms: readonly (number | string)[] | undefined,
): Result<readonly StatusRange[], readonly string[]> {
  if (forms === undefined) return { ok: true, value: SUCCESS };
  if (forms.length === 0) return { ok: false, error: ['expect_status is empty: no status could ever be a success'] };
  const ranges: StatusRange[] = [];
  const problems: string[] = [];
  for (const form of forms) {
    const range = parseForm(String(form).trim());
    if (typeof range === 'string') problems.push(range);
    else ranges.push(range);
  }
  return problems.length > 0 ? { ok: false, error: problems } : { ok: true, value: ranges };
}

/** Whether a status is in one of the ranges. */
export function matchesStatus(ranges: readonly StatusRange[], status: number): boolean {
  return ranges.some(({ from, to }) => status >= from && status <= to);
}

/** The ranges as a reader would write them: `2xx, 404, 500-502`. */
export function describeStatus(ranges: readonly StatusRange[]): string {
  const one = ({ from, to }: StatusRange): string => {
    if (from === to) return String(from);
    return from % 100 === 0 && to === from + 99 ? `${from / 100}xx` : `${from}-${to}`;
  };
  return ranges.map(one).join(', ');
}

function parseForm(form: string): StatusRange | string {
  const statusClass = /^([1-5])xx$/i.exec(form);
  if (statusClass) {
    const from = Number(statusClass[1]) * 100;
    return { from, to: from + 99 };
  }
  const codes = /^(\d{3})(?:\s*-\s*(\d{3}))?$/.exec(form);
  if (!codes)
    return `${JSON.stringify(form)} is not a status: use a code (200), a class ("2xx") or a range ("200-204")`;
  const from = Number(codes[1]);
  const to = Number(codes[2] ?? codes[1]);
  if (from < 100 || to > 599) return `${JSON.stringify(form)} is not a status: codes range from 100 to 599`;
  if (from > to) return `${JSON.stringify(form)} is an empty range: its end comes before its start`;
  return { from, to };
}
