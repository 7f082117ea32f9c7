// Prints what a run found and did, as Markdown.
//
//   node report.mjs REPO BRANCH FOUND      (FOUND: folder of the lists that find-lost.mjs made)
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { git } from './repository.mjs';

const [repo, branch, found] = process.argv.slice(2);
const commit = git(['-C', repo, 'rev-parse', '--verify', '--quiet', `refs/heads/${branch}`], {
  optional: true,
})?.trim();

const lines = [
  '# Documentation restore',
  '',
  ...section('Deleted', 'deleted.json'),
  ...section('Emptied', 'emptied.json'),
];
lines.push(commit ? `Restored on the branch \`${branch}\` (${commit.slice(0, 9)}).` : 'Nothing was restored.');
process.stdout.write(`${lines.join('\n')}\n`);

function section(title, file) {
  const list = path.join(found, file);
  if (!existsSync(list)) return [`## ${title}`, '', 'Not looked for.', ''];
  const pages = JSON.parse(readFileSync(list, 'utf8'));
  const rows = pages.map((page) => `- \`${page.path}\`, lost by ${page.lost_by.slice(0, 9)}`);
  return [`## ${title}`, '', ...(rows.length > 0 ? rows : ['None.']), ''];
}
