import type { Check } from './check.js';
import { showVersion } from './temporal-version.js';
import type { ServerStatus, ServiceStatus } from './status.js';

/** The embedded server, as `doctor` tells it. Not running is fine: the first run starts it. */
export function checkServer({ server, files }: ServiceStatus): Check {
  const name = 'server';
  if (server.state === 'stopped') return { name, ok: 'ok', detail: 'not running; the next run starts it' };
  const detail = describeServer(server);
  if (server.state === 'running') return { name, ok: 'ok', detail };
  const hint = `look at ${files.serverLog}, or restart it: orch down, orch up`;
  return { name, ok: 'fail', detail: `does not answer: ${detail}`, hint };
}

/** The embedded worker, as `doctor` tells it. */
export function checkWorker({ worker, server, files }: ServiceStatus): Check {
  const name = 'worker';
  const detail = `process ${worker.pid}, build ${worker.build_id}`;
  if (worker.trouble !== undefined)
    return { name, ok: 'warn', detail: `${detail}; ${worker.trouble}`, hint: `its log: ${files.workerLog}` };
  if (worker.state === 'running') return { name, ok: 'ok', detail };
  if (worker.state === 'starting')
    return { name, ok: 'warn', detail: `still starting: ${detail}`, hint: `its log: ${files.workerLog}` };
  if (worker.state === 'stale')
    return { name, ok: 'warn', detail: `from another build: ${detail}`, hint: 'orch up replaces it' };
  if (server.state === 'stopped') return { name, ok: 'ok', detail: 'not running; the next run starts it' };
  return { name, ok: 'warn', detail: 'not running, although the server is', hint: 'orch up starts it' };
}

function describeServer(server: ServerStatus): string {
  const version = server.version ? showVersion(server.version) : 'of an unknown version';
  const kept =
    server.retention_sec === undefined ? '' : `, keeps closed runs ${Math.round(server.retention_sec / 86_400)} days`;
  const webUi = server.ui_url === undefined ? 'no Web UI until its worker runs' : `Web UI ${server.ui_url}`;
  return `process ${server.pid} at ${server.address}, Temporal ${version}, ${webUi}${kept}`;
}
