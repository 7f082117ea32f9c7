import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BIN } from '../support/cli.js';
import { tempDir } from '../support/plans.js';

/** Where the commands of a page run: a newcomer's home and an empty folder, with `orch` on the PATH and a service of its own. */
export interface PageShell {
  /** The folder in which the commands run. */
  work: string;
  home: string;
  /** Runs lines of shell to their end; what they print is made the same for every run. */
  sh: (lines: string) => Promise<{ code: number; printed: string }>;
}

/** @param more variables, over those of a user without any settings of Temporal, CI or orch */
export function pageShell(more: NodeJS.ProcessEnv = {}): PageShell {
  const dir = tempDir();
  const [work, home, bin] = ['work', 'home', 'bin'].map((name) => path.join(dir, name)) as [string, string, string];
  for (const folder of [work, home, bin]) mkdirSync(folder);
  writeFileSync(path.join(bin, 'orch'), `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`, { mode: 0o755 });
  const own = Object.entries(process.env).filter(([name]) => !/^(?:CI|GITHUB_|TEMPORAL_|ORCH_|XDG_)/.test(name));
  const env = {
    ...Object.fromEntries(own),
    HOME: home,
    NO_COLOR: '1',
    ...more,
    PATH: `${bin}:${more['PATH'] ?? process.env['PATH']}`,
  };
  const sh: PageShell['sh'] = (lines) =>
    new Promise((resolve) => {
      execFile('/bin/sh', ['-ec', lines], { cwd: work, env }, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ code, printed: general(stdout + stderr) });
      });
    });
  return { work, home, sh };
}

/** What differs from one run to the next. */
function general(text: string): string {
  return text
    .replaceAll(/^(?:@last: |starting Temporal ).*\n/gm, '')
    .replaceAll(/\b(\w+)-[0-9a-f]{8}\b/g, '$1-ID')
    .replaceAll(/\b(?:\d+m )?\d+(?:\.\d+)?s\b/g, 'TIME')
    .replaceAll(/http:\/\/127\S+/g, 'ADDRESS')
    .trimEnd();
}
