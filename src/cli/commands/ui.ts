import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { openInBrowser } from '../open-in-browser.js';
import { createApi } from '../ui/api.js';
import { readAssets } from '../ui/assets.js';
import { createClientSource } from '../ui/client-source.js';
import { writeDoor } from '../ui/door.js';
import { servePage, type Page } from '../ui/page-server.js';
import { tokenAccess } from '../ui/access.js';
import { behindProxy, type ProxyFlags } from '../ui/behind-proxy.js';
import { createSessions } from '../ui/session.js';
import { PAGE_PORT } from '../../client/page-origin.js';
import { defined } from '../../basics/defined.js';
import { errnoOf } from '../../host/errno.js';

/** `orch ui`: serves the page until it is interrupted. */
export async function ui(
  context: CliContext,
  flags: ProxyFlags & { port?: string; open: boolean; json?: boolean },
): Promise<number> {
  const clients = createClientSource(() => connect(context, false));
  const { api, close } = createApi(context, clients);
  const proxy = behindProxy(context, flags);
  const sessions = createSessions();
  const access = proxy?.access ?? tokenAccess(sessions);
  const over = interruption();
  try {
    await clients.with(async () => {}); // a page that shows nothing helps nobody
    const page = await listen(readPort(flags.port), (port) =>
      servePage({
        port,
        access,
        api,
        assets: readAssets(),
        ...defined({ host: proxy?.host }),
        onBug: (error) => context.note(`${bugText(error)}\n`),
      }),
    );
    const url = proxy === undefined ? `http://127.0.0.1:${page.port}/#token=${sessions.token}` : proxy.url;
    context.out(flags.json ? `${JSON.stringify({ url, port: page.port })}\n` : `${url}\n`);
    context.note('Ctrl-C ends the page; runs continue without it\n');
    if (proxy !== undefined) context.note(`listening on ${proxy.host}, port ${page.port}, for its proxy\n`);
    const door = flags.open && proxy === undefined ? await openDoor(context, url) : undefined;
    await over;
    page.close();
    if (door !== undefined) rmSync(door, { force: true });
    return EXIT.succeeded;
  } finally {
    close();
    clients.close();
  }
}

/** Opens the page in a browser, through a file: other users see what programs are called with. @returns the file */
async function openDoor(context: CliContext, url: string): Promise<string> {
  const { file, address } = await writeDoor(context.env, url);
  if (!(await openInBrowser(context, address))) context.note('no browser could be opened here\n');
  return file;
}

/** The port that is asked for, or the usual one, and where that is taken, any. */
async function listen(wanted: number | undefined, serve: (port: number) => Promise<Page>): Promise<Page> {
  try {
    return await serve(wanted ?? PAGE_PORT);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    if (wanted === undefined) return serve(0);
    const why = code === 'EACCES' ? 'it is not yours to use' : 'another program listens on it';
    throw new UsageError(`--port ${wanted}: ${why}`, 'leave it out, or name another one');
  }
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port ${text}: give a number from 0 to 65535`);
  return port;
}

async function interruption(): Promise<void> {
  const leave = new AbortController();
  const { signal } = leave;
  const waits = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((name) => once(process, name, { signal }));
  await Promise.race(waits);
  leave.abort();
  await Promise.allSettled(waits);
}

function bugText(error: unknown): string {
  return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
