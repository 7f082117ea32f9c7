import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writeBuildId } from '../../scripts/write-build-id.mjs';
import { tempDir } from '../support/plans.js';

const FILES = {
  'service/worker-main.js': 'run();\n',
  'workflow-bundle.cjs': 'module.exports = 1;\n//# sourceMappingURL=data:/here',
  'cli/program.js': 'print();\n',
};

/** The id of a build of these files, somewhere. */
function idOf(changed: Record<string, string> = {}): string {
  const root = tempDir();
  const dist = path.join(root, 'dist');
  writeFileSync(path.join(root, 'package.json'), '{}');
  for (const [name, text] of Object.entries({ ...FILES, ...changed })) {
    const file = path.join(dist, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    utimesSync(file, 1, Math.ceil(Math.random() * 1e9));
  }
  writeBuildId(root, dist);
  return readFileSync(path.join(dist, 'build-id'), 'utf8').trim();
}

test('a build of the same code has the same id, wherever and whenever it was made', () => {
  expect(idOf()).toMatch(/^[0-9a-f]{16}$/);
  expect(idOf()).toBe(idOf({ 'workflow-bundle.cjs': 'module.exports = 1;\n//# sourceMappingURL=data:/there' }));
});

test('what a worker does not load is no reason to replace it; workflow code is one', () => {
  expect(idOf({ 'cli/program.js': 'print(2);\n' })).toBe(idOf());
  expect(idOf({ 'workflow-bundle.cjs': 'module.exports = 2;\n' })).not.toBe(idOf());
  expect(idOf({ 'service/worker-main.js': 'run(2);\n' })).not.toBe(idOf());
});
