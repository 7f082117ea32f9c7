import { EXIT } from './context.js';
import { runCli } from './program.js';

export { runCli };

/** The command's whole process. The only place that ends it: everything below returns an exit code or throws. */
export async function main(): Promise<void> {
  // Whoever reads may stop early, as `orch list | head` does: what is left to say is for nobody.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      process.exitCode = EXIT.failed;
      if (stream === process.stdout) process.stderr.write(`error: the output could not be written: ${error.message}\n`);
    });
  }
  const cwd = currentFolder();
  if (cwd === undefined) {
    process.stderr.write('error: the current folder does not exist any more\n  hint: change to a folder that exists\n');
    process.exitCode = EXIT.usage;
    return;
  }
  const exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    cwd,
    // Node takes milliseconds to make it, and few commands read it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
  });
  // What could not be written is no success.
  process.exitCode ||= exitCode;
}

/** Undefined where it was deleted. */
function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
