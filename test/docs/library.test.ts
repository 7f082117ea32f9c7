import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { REPO, sharedStateDir } from '../support/cli.js';
import { tempDir, uniqueId } from '../support/plans.js';

const node = async (cwd: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, ORCH_STATE_DIR: sharedStateDir() };
  return (await promisify(execFile)(process.execPath, args, { cwd, env })).stdout;
};

/** The examples of docs/library.md that need nothing but orch, in their order. */
const examples = [
  ...readFileSync(path.join(REPO, 'docs', 'library.md'), 'utf8').matchAll(/^```ts\n([^]*?)^```$/gm),
].map(([, code]) => code as string);

const PLAN = `plan_id: lib
inputs: { BRANCH: { type: string } }
steps:
  - { id: build, command: echo, args: ['\${BRANCH}'] }
`;

test('the examples of docs/library.md have the right types, and do what it says, one after the other', async () => {
  const dir = tempDir();
  const id = uniqueId('export');
  writeFileSync(path.join(dir, 'plan.yaml'), PLAN);
  writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }');
  // Other tests start runs on the same service meanwhile: more than five may be newer.
  const here = (example: string): string => example.replaceAll('export-1', id).replace('limit: 5 ', 'limit: 1000 ');
  examples.forEach((example, at) => writeFileSync(path.join(dir, `${at}.ts`), here(example)));
  const compilerOptions = {
    target: 'ES2023',
    module: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    typeRoots: [path.join(REPO, 'node_modules/@types')],
    types: ['node'],
    paths: { orch: [path.join(REPO, 'dist/library/index.d.ts')] },
  };
  const files = examples.map((_, at) => `${at}.ts`);
  writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  await node(dir, path.join(REPO, 'node_modules/typescript/bin/tsc'), '-p', dir);

  const index = pathToFileURL(path.join(REPO, 'dist/library/index.js')).href;
  const said: string[] = [];
  for (const at of examples.keys()) {
    const file = path.join(dir, `${at}.js`);
    writeFileSync(file, readFileSync(file, 'utf8').replace("from 'orch'", `from '${index}'`));
    said.push(await node(dir, file));
  }
  const [ran, started, followed, found] = said;
  expect([ran, started]).toEqual(['succeeded build: success\n', '']);
  expect(followed).toMatch(/^release waiting\n[^]*^succeeded\n$/m);
  expect(found).toContain(`${id} succeeded\n`);
  expect(found).toMatch(/^true succeeded\n$/m);
});
