// What the scripts of this folder share: git in the current folder, and the pages in it.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Output of git. With `optional`, undefined where it fails. */
export function git(args, { optional = false } = {}) {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, GIT_LITERAL_PATHSPECS: '1' },
      stdio: ['ignore', 'pipe', optional ? 'ignore' : 'inherit'],
    });
  } catch (error) {
    if (optional) return undefined;
    throw error;
  }
}

/** Markdown files below a folder, tracked or not yet, as paths from the current folder. */
export function pagesIn(folder) {
  const listed = records(git(['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', folder]));
  return [...new Set(listed)].filter((page) => isPage(page) && existsSync(page)).sort((a, b) => (a < b ? -1 : 1));
}

export function isPage(file) {
  return /\.(md|markdown)$/i.test(file);
}

/** Parts of NUL-terminated output. */
export function records(text) {
  return text.split('\0').filter(Boolean);
}
