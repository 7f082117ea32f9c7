import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';

/** `orch open RUN`: shows its page in the Temporal Web UI, in a browser where there is one. */
export async function open(
  context: CliContext,
  runId: string,
  { print = false, json = false }: { print?: boolean; json?: boolean },
): Promise<number> {
  const client = await connect(context, false);
  try {
    const { web_ui } = await client.describe(runId);
    if (web_ui === undefined) {
      context.note('the address of the Web UI is not known here\n  hint: set ORCH_WEB_UI\n');
      return EXIT.failed;
    }
    context.out(json ? `${JSON.stringify({ run_id: runId, web_ui }, null, 2)}\n` : `${web_ui}\n`);
    if (!print && !(await openInBrowser(context, web_ui))) context.note('no browser could be opened here\n');
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** Hands it to a program, which may be the browser itself, and stays. */
async function openInBrowser({ env, cwd }: CliContext, address: string): Promise<boolean> {
  const opener = openerOf(process.platform, env);
  if (opener === undefined) return false;
  const [file, ...args] = opener;
  const child = spawn(file, [...args, address], { env, cwd, stdio: 'ignore', detached: true });
  child.unref();
  return once(child, 'spawn').then(
    () => true,
    () => false,
  );
}

/** What opens an address; undefined where nobody would see it. */
function openerOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): [string, ...string[]] | undefined {
  if (env['BROWSER']) return [env['BROWSER']];
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}
