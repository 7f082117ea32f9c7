import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { REPO } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { tempDir, uniqueId } from '../support/plans.js';

const missing = spawnSync('tmux', ['-V']).status !== 0;
if (missing) process.stderr.write('the height of a real terminal is not tested: there is no tmux on PATH\n');

const REPAINT = pathToFileURL(path.join(REPO, 'dist', 'cli', 'render', 'repaint.js')).href;

/** Draws a block as the live view does: as high as the terminal allows, and again whenever that changes. */
const DRAW = `
import { drawnOver, repaint } from ${JSON.stringify(REPAINT)};
const { stderr } = process;
let drawn;
stderr.write('$ orch run gate.yaml\\n');
function draw() {
  const { columns, rows } = stderr;
  const lines = Array.from({ length: Math.min(12, rows - 1) }, (_, i) => \`step \${i} at \${rows} rows\`);
  const next = { lines, columns, rows };
  stderr.write(repaint(drawn, next));
  drawn = drawnOver(drawn, next);
}
stderr.on('resize', draw);
setInterval(draw, 100);
draw();
`;

test.skipIf(missing)(
  'a terminal that becomes lower and higher again shows the live view once, and what was above it',
  async () => {
    const script = path.join(tempDir(), 'draw.mjs');
    writeFileSync(script, DRAW);
    const socket = uniqueId('orch');
    const tmux = (...args: string[]): string =>
      execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...args]).toString();
    tmux('new-session', '-d', '-s', 'view', '-x', '80', '-y', '24', process.execPath, script);
    try {
      const shows = (rows: number): Promise<string[]> =>
        eventually(`the view at ${rows} rows`, () => {
          const lines = tmux('capture-pane', '-p', '-S', '-100', '-t', 'view')
            .split('\n')
            .filter((line) => line !== '');
          const last = Math.min(12, rows - 1) - 1;
          return lines.at(-1) === `step ${last} at ${rows} rows` ? lines : undefined;
        });
      expect(await shows(24)).toEqual(whole(24));
      for (const rows of [8, 5, 11]) {
        tmux('resize-window', '-t', 'view', '-x', '80', '-y', String(rows));
        await shows(rows);
      }
      tmux('resize-window', '-t', 'view', '-x', '80', '-y', '24');
      expect(await shows(24)).toEqual(whole(24));
    } finally {
      tmux('kill-server');
    }
  },
);

/** The screen when all of it has room. */
function whole(rows: number): string[] {
  return ['$ orch run gate.yaml', ...Array.from({ length: 12 }, (_, i) => `step ${i} at ${rows} rows`)];
}
