import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PURE } from '../../scripts/bundle-workflows.mjs';
import { REPO } from '../support/cli.js';

const SRC = path.join(REPO, 'src');

// All runs of a worker share what these modules hold; what one run left there would decide what another one does.
test('no module that runs share has a variable that may change', () => {
  const files = PURE.flatMap((room) =>
    readdirSync(path.join(SRC, room), { recursive: true, encoding: 'utf8' }).map((file) => path.join(room, file)),
  ).filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(150);
  const changing = files.filter((file) =>
    /^(?:export )?(?:let|var) /m.test(readFileSync(path.join(SRC, file), 'utf8')),
  );
  expect(changing).toEqual([]);
});

test('runs share what takes longest to make: the schemas of plans and of loops, and the engine', () => {
  const bundle = readFileSync(path.join(REPO, 'dist', 'workflow-bundle.cjs'), 'utf8');
  const perRun = moduleIds(/importWorkflows = function[^]*?\}/.exec(bundle)?.[0] ?? '');
  expect(perRun).toEqual(['./dist/workflows/index.js']);
  const shared = moduleIds(/preloadModules = function[^]*?\}/.exec(bundle)?.[0] ?? '');
  expect(shared).toEqual(['./dist/plan/files/check-set.js', './dist/loop/check-input.js', './dist/engine/index.js']);
});

function moduleIds(code: string): string[] {
  return [...code.matchAll(/"(\.\/dist\/[^"]+)"/g)].map((match) => match[1]!);
}
