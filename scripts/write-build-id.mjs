// Writes down what the worker's program is (`dist/build-id`): a worker of another one is replaced by the next command, which
// must find that out without reading hundreds of files.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Folders of dist that a worker loads nothing of. */
const NOT_OF_WORKERS = new Set(['bin', 'cli', 'plan-reference', 'ui']);

/** @param root of the package, whose dependencies count too */
export function writeBuildId(root, dist) {
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package.json')));
  for (const name of programFiles(dist)) {
    hash.update(`\0${name}\0`).update(withoutMap(readFileSync(path.join(dist, name), 'utf8')));
  }
  writeFileSync(path.join(dist, 'build-id'), `${hash.digest('hex').slice(0, 16)}\n`);
}

function programFiles(dist) {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll(path.sep, '/'))
    .filter((name) => /\.(c?js|json)$/.test(name) && !NOT_OF_WORKERS.has(name.split('/')[0]))
    .sort();
}

/** A map has paths of the machine that built it. */
function withoutMap(text) {
  return text.split('\n//# sourceMappingURL=', 1)[0];
}
