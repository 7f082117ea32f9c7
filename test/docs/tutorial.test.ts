import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { BIN, REPO } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir } from '../support/plans.js';

const page = readFileSync(path.join(REPO, 'docs', 'tutorial.md'), 'utf8');
const plan = /^```yaml\n([^]*?)^```$/m.exec(page)?.[1] as string;

/** Each command of the page, with what it is said to print. */
const commands = [...page.matchAll(/^```console\n([^]*?)^```$/gm)].flatMap(([, block]) =>
  (block as string)
    .split(/^\$ /m)
    .slice(1)
    .map((entry) => {
      const [line = '', ...said] = entry.split('\n');
      return { line, said: said.join('\n').trimEnd() };
    }),
);

/** What differs from one run to the next. */
function general(text: string): string {
  return text
    .replaceAll(/^(?:@last: |starting Temporal ).*\n/gm, '')
    .replaceAll(/\bgate-[0-9a-f]{8}\b/g, 'gate-ID')
    .replaceAll(/\b\d+(?:\.\d+)?s\b/g, 'TIME')
    .replaceAll(/http:\/\/\S+/g, 'ADDRESS')
    .trimEnd();
}

test('the commands of docs/tutorial.md print what it says', { timeout: 240_000 }, async () => {
  const dir = tempDir();
  const work = path.join(dir, 'work');
  for (const folder of ['work', 'bin']) mkdirSync(path.join(dir, folder));
  writeFileSync(path.join(work, 'gate.yaml'), plan);
  writeFileSync(path.join(dir, 'bin/orch'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 });
  // A service of its own, as a newcomer has: there is no other last run.
  const { CI: _, GITHUB_ACTIONS: __, ...own } = process.env;
  const env = {
    ...own,
    ORCH_STATE_DIR: path.join(dir, 'state'),
    NO_COLOR: '1',
    PATH: `${dir}/bin:${process.env['PATH']}`,
  };
  const sh = (line: string): Promise<string> =>
    new Promise((resolve) => {
      execFile('/bin/sh', ['-c', line], { cwd: work, env }, (_error, stdout, stderr) =>
        resolve(general(stdout + stderr)),
      );
    });
  onTestFinished(async () => void (await sh('orch down')));
  let following: Promise<string> | undefined;
  for (const { line, said } of commands) {
    if (line === 'orch rerun @last') {
      following = sh(line);
      await eventually(
        'the run asks',
        async () => (await sh('orch list --waiting')).includes('Release it?') || undefined,
      );
    } else if (said === '') await sh(line);
    else expect.soft(await sh(line), line).toBe(said);
  }
  expect(await following).toContain('gate-ID succeeded in TIME: 4 succeeded');
});
