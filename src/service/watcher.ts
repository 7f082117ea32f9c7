import { fileURLToPath } from 'node:url';
import { cacheDir, type Env } from '../records/paths.js';
import { identify, isAlive, stopProcess, type ProcessIdentity } from '../host/process-identity.js';
import { startInBackground } from './background.js';
import { lastingEnv } from './environment.js';
import type { ServiceFiles } from './files.js';
import { optionOf, processesNaming } from './process-table.js';
import type { ServiceRecord } from './record.js';
import { defined } from '../basics/defined.js';

/** The watcher itself, a shell script: see there for why. */
const SCRIPT = fileURLToPath(new URL('../../bin/watch.sh', import.meta.url));

/** What the watcher calls when something is wrong. */
const REPAIR = fileURLToPath(new URL('../../dist/service/repair-main.js', import.meta.url));

/** By this option on its command line the watcher of a service is found again. */
const OPTION = '--watched-service';

/** A shell ends at once. Milliseconds. */
const STOP_MS = 2_000;

/** Whether the service of this environment is to be watched. There is no shell on Windows to do it. */
export function wantsWatcher(env: Env): boolean {
  return env['ORCH_WATCHER'] !== 'off' && process.platform !== 'win32';
}

/** Starts the watcher of a service, whose worker it starts again with the environment of `env`. */
export async function startWatcher(files: ServiceFiles, env: Env): Promise<NonNullable<ServiceRecord['watcher']>> {
  const { identity } = await startInBackground({
    file: '/bin/sh',
    args: [SCRIPT, OPTION, files.dir, '--node', process.execPath, '--repair', REPAIR],
    cwd: files.dir,
    env: { ...lastingEnv(env), ...placesOf(files, env) },
    log: files.watcherLog,
  });
  return { ...identity, started_at: new Date().toISOString() };
}

/** What a repair is to know, and steps are not to inherit. */
function placesOf(files: ServiceFiles, env: Env): NodeJS.ProcessEnv {
  return {
    ORCH_STATE_DIR: files.state,
    ORCH_CACHE_DIR: cacheDir(env),
    ...defined({ ORCH_KEEP: env['ORCH_KEEP'], ORCH_DEBUG: env['ORCH_DEBUG'] }),
  };
}

/** Ends whatever watches the service, whether or not its record knows of it. */
export async function stopWatchers(files: ServiceFiles, record: ServiceRecord | undefined): Promise<void> {
  await Promise.all(findWatchers(files, record).map((watcher) => stopProcess(watcher, STOP_MS)));
}

/** The watcher that the record names, if it lives. */
export function liveWatcher(record: ServiceRecord | undefined): ProcessIdentity | undefined {
  return record?.watcher && isAlive(record.watcher) ? record.watcher : undefined;
}

function findWatchers(files: ServiceFiles, record: ServiceRecord | undefined): ProcessIdentity[] {
  const known = liveWatcher(record);
  const found = processesNaming(OPTION).flatMap((entry) => {
    // A repair names the folder too; it looks itself whether it is still wanted.
    if (optionOf(entry, OPTION) !== files.dir || optionOf(entry, '--repair') === undefined) return [];
    const identity = identify(entry.pid);
    return identity === undefined || identity.pid === known?.pid ? [] : [identity];
  });
  return known === undefined ? found : [known, ...found];
}
