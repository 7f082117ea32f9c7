import { matchesAny } from './globs.js';
import type { FileRule, PublishRules } from './types.js';

/** A file that differs from what is committed. */
export interface DirtyFile {
  /** Counted from the top of the repository, with `/`. */
  path: string;
  /** The same counted from the folder of the configuration, where that is another one; null for what is not in it. */
  inside?: string | null;
  /** Of a file that is gone: 0. */
  bytes: number;
  /** Whether git knows it already. */
  tracked: boolean;
  /** Git is told to pass it over: it is a report, or nobody speaks of it. */
  hidden?: true;
}

/** Why a file is committed. */
export type FileClass = 'docs' | 'reports' | 'outputs';

/** What becomes of dirty files. */
export interface Sorted {
  commit: { path: string; as: FileClass }[];
  /** What no rule covers, each with the reason. */
  left: { path: string; why: string }[];
}

/**
 * Sorts dirty files into what is committed after a turn and what is left alone. Only what a rule names is committed:
 * whatever an agent has left uncommitted of its sources never slips through.
 *
 * @param ignored globs of `.reportsignore`
 */
export function sortDirty(files: readonly DirtyFile[], rules: PublishRules, ignored: readonly string[] = []): Sorted {
  const sorted: Sorted = { commit: [], left: [] };
  const totals = { reports: 0, outputs: 0 };
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const found = classOf(file, rules, ignored, totals);
    if ('as' in found) sorted.commit.push({ path: file.path, as: found.as });
    else if (file.hidden !== true) sorted.left.push({ path: file.path, why: found.why });
  }
  return sorted;
}

function classOf(
  file: DirtyFile,
  { docs, reports, outputs }: PublishRules,
  ignored: readonly string[],
  totals: { reports: number; outputs: number },
): { as: FileClass } | { why: string } {
  const { bytes } = file;
  const path = file.inside === undefined ? file.path : file.inside;
  if (path === null) return { why: 'no rule covers it: it is outside the folder of the loop' };
  if (file.hidden !== true && matchesAny(path, docs.globs)) {
    return bytes <= docs.max_file_bytes ? { as: 'docs' } : { why: tooLarge(bytes, docs.max_file_bytes, 'a document') };
  }
  if (file.tracked && covers(outputs, path)) return within(outputs, bytes, totals, 'outputs');
  if (covers(reports, path) && !matchesAny(path, reports.skip)) {
    if (matchesAny(path, ignored)) return { why: '.reportsignore excludes it' };
    return within(reports, bytes, totals, 'reports');
  }
  return { why: 'no rule covers it' };
}

function covers({ globs, extensions }: FileRule, path: string): boolean {
  return matchesAny(path, globs) && extensions.includes(extensionOf(path));
}

function within(
  rule: FileRule,
  bytes: number,
  totals: { reports: number; outputs: number },
  as: 'reports' | 'outputs',
): { as: FileClass } | { why: string } {
  const what = as === 'reports' ? 'a report' : 'a tracked output';
  if (bytes > rule.max_file_bytes) return { why: tooLarge(bytes, rule.max_file_bytes, what) };
  if (totals[as] + bytes > rule.max_total_bytes) {
    return { why: `with it ${as} of one turn would be larger than ${rule.max_total_bytes} bytes` };
  }
  totals[as] += bytes;
  return { as };
}

function tooLarge(bytes: number, most: number, what: string): string {
  return `it is ${bytes} bytes; ${what} may have at most ${most}`;
}

function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** Reads `.reportsignore`: a glob a line, `#` for comments; one without `/` counts in every folder. */
export function readIgnored(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => (line.includes('/') ? [line.replace(/^\//, '')] : [line, `**/${line}`, `**/${line}/**`]));
}
