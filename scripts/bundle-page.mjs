// Bundles the page of `orch ui` into one script, and puts what else it is made of beside it. The page loads nothing else.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { rolldown } from 'rolldown';

export async function bundlePage(root, dist) {
  const source = path.join(root, 'src', 'ui');
  const target = path.join(dist, 'ui');
  mkdirSync(target, { recursive: true });
  const bundle = await rolldown({
    input: path.join(source, 'main.tsx'),
    platform: 'browser',
    tsconfig: path.join(source, 'tsconfig.json'),
    logLevel: 'warn',
  });
  const file = path.join(target, 'page.js');
  await bundle.write({ file, format: 'es', codeSplitting: false, minify: true, postBanner: licences() });
  for (const name of ['page.html', 'page.css', 'icon.svg']) {
    copyFileSync(path.join(source, name), path.join(target, name));
  }
}

/** What is in the script comes with the licence that it was given under. */
function licences() {
  const require = createRequire(import.meta.url);
  const folder = path.dirname(require.resolve('preact/package.json'));
  return `/*!\npreact\n${readFileSync(path.join(folder, 'LICENSE'), 'utf8').trim()}\n*/`;
}
