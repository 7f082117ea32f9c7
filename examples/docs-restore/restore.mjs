// Writes lost pages back as they last were.
//
//   node restore.mjs LIST...      (lists as find-lost.mjs makes them)
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const pages = process.argv.slice(2).flatMap((list) => JSON.parse(readFileSync(list, 'utf8')));

for (const page of pages) {
  const content = execFileSync('git', ['cat-file', 'blob', `${page.commit}:${page.path}`], { maxBuffer: 1 << 28 });
  mkdirSync(path.dirname(page.path), { recursive: true });
  writeFileSync(page.path, content);
  process.stdout.write(`${page.path}  (as of ${page.commit.slice(0, 9)})\n`);
}
if (pages.length === 0) process.stdout.write('nothing was lost\n');
