// Fails when two pages have the same `id` in their front matter.
//
//   node check-ids.mjs DOCS
import { readFileSync } from 'node:fs';
import { pagesIn } from './repository.mjs';

const [docs] = process.argv.slice(2);
const owners = new Map();

for (const page of pagesIn(docs)) {
  const id = idOf(readFileSync(page, 'utf8'));
  if (id !== undefined) owners.set(id, [...(owners.get(id) ?? []), page]);
}
const taken = [...owners].filter(([, pages]) => pages.length > 1);
for (const [id, pages] of taken) process.stderr.write(`the id '${id}' is taken by ${pages.join(' and ')}\n`);
if (taken.length > 0) process.exitCode = 1;
else process.stdout.write(`${owners.size} ids, each once\n`);

function idOf(text) {
  const [, frontMatter = ''] = /^---\r?\n([\s\S]*?)\r?\n---\r?(?:\n|$)/.exec(text) ?? [];
  return /^id:[ \t]*(\S.*?)[ \t]*\r?$/m.exec(frontMatter)?.[1];
}
