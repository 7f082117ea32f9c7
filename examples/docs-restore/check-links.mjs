// Tells relative links between pages that lead nowhere; exits 3 when there are any.
//
//   node check-links.mjs DOCS
//
// Looked at are inline links, `[text](target)`: whether the file is there, and the heading where the target names one.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isPage, pagesIn } from './repository.mjs';

const [docs] = process.argv.slice(2);
const broken = pagesIn(docs).flatMap(brokenLinks);

process.stdout.write(broken.join('') || 'all links lead somewhere\n');
if (broken.length > 0) process.exitCode = 3;

function brokenLinks(page) {
  const text = withoutCode(readFileSync(page, 'utf8'));
  const targets = [...text.matchAll(/\[[^\]]*\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)/g)].map((match) => match[1]);
  return targets.flatMap((target) => {
    const problem = problemOf(page, target);
    return problem === undefined ? [] : [`${page}: ${target}: ${problem}\n`];
  });
}

function problemOf(page, target) {
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(target)) return undefined; // the web, or a site's root: not ours to check
  const [file, heading] = target.split('#', 2).map(decode);
  const linked = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(linked)) return 'there is no such file';
  if (!heading || !isPage(linked)) return undefined;
  return headingsOf(readFileSync(linked, 'utf8')).has(heading) ? undefined : 'there is no such heading';
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Anchors as code hosts make them of headings. */
function headingsOf(text) {
  const headings = [...withoutCode(text).matchAll(/^#{1,6}[ \t]+(.*?)[ \t#]*$/gm)].map((match) => match[1]);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}

function withoutCode(text) {
  return text.replace(/^(```|~~~)[\s\S]*?^\1[ \t]*$/gm, '').replace(/`[^`\n]*`/g, '');
}
