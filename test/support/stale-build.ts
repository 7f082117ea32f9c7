import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Written after all that can be out of date. */
const BUILT = path.join('dist', 'bin', 'orch.cjs');
/** What a build is made of. */
const SOURCES = ['src', 'bin', 'scripts', 'package-lock.json', 'tsconfig.json'];

/**
 * Says why tests of what was built would test something else than the code that stands here.
 *
 * @param root folder of the checkout
 * @returns `undefined` where the build is newer than all that it is made of
 */
export function staleBuild(root: string): string | undefined {
  const built = path.join(root, BUILT);
  if (!existsSync(built)) return 'there is no dist: npm run build';
  const { mtimeMs } = statSync(built);
  const newer = SOURCES.flatMap((each) => filesOf(path.join(root, each))).find(
    (file) => statSync(file).mtimeMs > mtimeMs,
  );
  return newer === undefined
    ? undefined
    : `dist is older than ${path.relative(root, newer)}: npm run build. What calls the command, or runs workflows, tests the last build`;
}

function filesOf(place: string): string[] {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [place];
  return readdirSync(place).flatMap((name) => filesOf(path.join(place, name)));
}
