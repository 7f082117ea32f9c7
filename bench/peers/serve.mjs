import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Milliseconds until a server must have said that it is ready. */
const PATIENCE_MS = 60_000;

/**
 * Starts what must be there before a peer's command is run.
 *
 * @param ready what its output has once it is ready
 * @returns `{ pids, close() }`
 */
export async function serve(file, args, { cwd, env, ready }) {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${file} ${why}: ${said.slice(-2000)}`));
    const timer = setTimeout(() => fail('is not ready'), PATIENCE_MS);
    child.once('error', reject);
    child.once('exit', () => fail('has ended'));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        said = (said + text).slice(-20_000);
        if (!ready.test(said)) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
  return {
    pids: [child.pid],
    async close() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
