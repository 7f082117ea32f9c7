// Records the histories of a run into its folder, for the tests of replay and of upgrades:
//   npm run history NAME
// test/histories/NAME has the plan and steer.ts, which brings the run to where it is open and waits (open.json), and to
// its end (history.json), with the histories that it had before that (earlier-1.json …). What has been recorded stays: --force is for a history that no commit has yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({ options: { force: { type: 'boolean' } }, allowPositionals: true });
const [name] = positionals;
const folder = path.join(root, 'test', 'histories', name ?? '');

const problem = whyNot();
if (problem === undefined) record();
else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}

/** Why nothing can be recorded, in words. */
function whyNot() {
  if (name === undefined || !existsSync(path.join(folder, 'steer.ts')))
    return 'usage: npm run history NAME, where test/histories/NAME has the plan and steer.ts';
  if (recorded().length > 0 && !values.force)
    return `test/histories/${name} is recorded: open runs look like that. Record new behavior under another name.`;
  return undefined;
}

function recorded() {
  return readdirSync(folder).filter((file) => /(^|\.)(open|history)\.json$|^earlier-\d+\.json$/.test(file));
}

function record() {
  for (const file of recorded()) rmSync(path.join(folder, file));
  const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--config', 'test/histories/vitest.config.ts'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ORCH_HISTORY: name },
  });
  process.exitCode = status ?? 1;
}
