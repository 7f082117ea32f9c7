// Lists pages that the history of the current folder's repository has and its HEAD lacks.
//
//   node find-lost.mjs deleted|emptied DOCS OUTPUT
//
// OUTPUT gets a JSON array of {path, commit, lost_by}: the commit that last held the page, and the one that lost it.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { git, isPage, pagesIn, records } from './repository.mjs';

const [kind, docs, output] = process.argv.slice(2);

const onPurpose = removedOnPurpose();
const candidates = kind === 'deleted' ? deletedPages() : emptiedPages();
const lost = candidates.filter((page) => !onPurpose.has(page)).flatMap(lastContent);
writeFileSync(output, `${JSON.stringify(lost, null, 2)}\n`);
process.stdout.write(lost.map((page) => `${page.path}  (lost by ${page.lost_by.slice(0, 9)})\n`).join('') || 'none\n');

/** Pages that some commit deleted, that were not renamed by it, and that are not back. */
function deletedPages() {
  const log = git(['log', '--find-renames', '--diff-filter=D', '--name-only', '--format=', '-z', 'HEAD', '--', docs]);
  const present = new Set(pagesIn(docs));
  return [...new Set(records(log))]
    .filter((page) => isPage(page) && !present.has(page))
    .sort((a, b) => (a < b ? -1 : 1));
}

function emptiedPages() {
  return pagesIn(docs).filter((page) => readFileSync(page, 'utf8').trim() === '');
}

/** The newest commit that holds the page with content, or nothing where it never had any. */
function lastContent(page) {
  const commits = git(['log', '--format=%H', 'HEAD', '--', page]).split('\n').filter(Boolean);
  const at = commits.findIndex((commit) => contentAt(commit, page).trim() !== '');
  return at < 0 ? [] : [{ path: page, commit: commits[at], lost_by: commits[at - 1] ?? commits[at] }];
}

function contentAt(commit, page) {
  return git(['cat-file', '-e', `${commit}:${page}`], { optional: true }) === undefined
    ? ''
    : git(['cat-file', 'blob', `${commit}:${page}`]);
}

function removedOnPurpose() {
  try {
    return new Set(readFileSync(path.join(docs, '.removed'), 'utf8').split('\n').filter(Boolean));
  } catch (error) {
    if (error.code === 'ENOENT') return new Set();
    throw error;
  }
}
