import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';

/** What a tarball would hold. */
async function packed(): Promise<string[]> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: REPO, maxBuffer: 64 * 1024 * 1024 });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return files.map((file) => file.path);
}

test('the tarball has all that its users need, and nothing else', async () => {
  const files = await packed();
  const compose = readFileSync(path.join(REPO, 'docker-compose.yml'), 'utf8');
  const mounted = [...compose.matchAll(/^ +- \.\/([^:\s]+):/gm)].map((match) => match[1]!);
  const needed = [
    ...mounted,
    'docker-compose.yml',
    'Dockerfile',
    '.dockerignore',
    '.env.example',
    'README.md',
    'package.json',
    'bin/orch.js',
    'bin/watch.sh',
    'dist/bin/orch.cjs',
    'dist/library/index.js',
    'dist/library/index.d.ts',
    ...['gate', 'nightly', 'agents'].map((name) => `templates/${name}.yaml`),
    'schemas/plan.schema.json',
    'schemas/run.schema.json',
    'examples/quickstart.yaml',
    'docs/README.md',
    'docs/cli-reference.md',
    'docs/plan-reference.md',
    'docs/how-to/ci-gate.md',
    'docs/images/ui-run.png',
  ];
  expect(mounted).not.toEqual([]);
  expect(needed.filter((file) => !files.includes(file))).toEqual([]);
  expect(files.filter((file) => /^(?:test|src|bench|scripts|node_modules|\.ci)\/|\.map$|^\.env$/.test(file))).toEqual(
    [],
  );
});
