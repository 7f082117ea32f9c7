import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Puts stand-ins for commands into a folder, which write down what they are called with, and where, and succeed.
 *
 * @returns a PATH with that folder first, and a way to read the calls, in order
 */
export function stubCommands(
  folder: string,
  names: readonly string[],
): { PATH: string; calls(): { cwd: string; line: string }[] } {
  const log = path.join(folder, 'calls');
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const file = path.join(folder, name);
    writeFileSync(file, `#!/bin/sh\nprintf '%s\\t%s\\n' "$(pwd)" "${name} $*" >> '${log}'\necho "${name} done"\n`);
    chmodSync(file, 0o755);
  }
  return {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    calls() {
      const lines = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
      return lines.map((line) => {
        const [cwd = '', called = ''] = line.split('\t');
        return { cwd, line: called };
      });
    },
  };
}
