import path from 'node:path';
import type { Adapter } from '../types.js';
import { SANDBOXES } from './sandboxes.js';

/**
 * A script that calls an agent, as teams have written them:
 * `bash SCRIPT --prompt-file FILE -C DIR -o OUT --tier TIER -s SANDBOX`. It writes the answer to OUT and may leave a
 * verdict in `OUT.verdict`, whose line `STATUS: word` counts before everything else. It keeps no session.
 */
export const dispatch: Adapter = {
  name: 'dispatch',
  command({ settings, promptFile, cwd, dir, tier, permissions }) {
    return {
      file: 'bash',
      args: [
        settings.command ?? 'dispatch.sh',
        '--prompt-file',
        promptFile,
        '-C',
        cwd,
        '-o',
        path.join(dir, OUTPUT),
        ...(tier === undefined ? [] : ['--tier', tier]),
        '-s',
        SANDBOXES[permissions],
        ...(settings.args ?? []),
      ],
      stdin: '',
    };
  },
  plainText: true,
  read(line, progress) {
    progress.message = `${progress.message}${progress.message === '' ? '' : '\n'}${line}`.slice(-MAX_TEXT);
  },
  sidecar: ({ dir }) => path.join(dir, `${OUTPUT}.verdict`),
};

const OUTPUT = 'output.md';
/** Characters of what it printed that are kept. */
const MAX_TEXT = 64 * 1024;
