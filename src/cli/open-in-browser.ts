import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CliContext } from './context.js';

/** Hands an address to a program, which may be the browser itself, and stays. @returns whether there is one */
export async function openInBrowser({ env, cwd }: CliContext, address: string): Promise<boolean> {
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
