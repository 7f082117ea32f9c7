import { optionOf, type TableEntry } from './process-table.js';

/** What the embedded worker is told, on its command line: from there it can be found again. */
export interface WorkerArguments {
  /** The folder of the service that it belongs to. */
  service_dir: string;
  /** The server it is to poll. */
  address: string;
  /** Of the program it was started from; another one means that it is stale. */
  build_id: string;
  /** Where it opens the Web UI to people. */
  web_ui_port: number;
  /** host:port of the server's own Web UI. */
  web_ui_target: string;
}

/** The options of a worker's command line. */
export function workerArguments(told: WorkerArguments): string[] {
  return [
    ...['--service-dir', told.service_dir],
    ...['--address', told.address],
    ...['--build-id', told.build_id],
    ...['--web-ui-port', String(told.web_ui_port)],
    ...['--web-ui-target', told.web_ui_target],
  ];
}

/** What a worker's command line says; undefined where it is none of a worker. */
export function readWorkerArguments(entry: TableEntry): WorkerArguments | undefined {
  const [service_dir, address, build_id, port, web_ui_target] = [
    '--service-dir',
    '--address',
    '--build-id',
    '--web-ui-port',
    '--web-ui-target',
  ].map((name) => optionOf(entry, name));
  if (!service_dir || !address || !build_id || !port || !web_ui_target) return undefined;
  return { service_dir, address, build_id, web_ui_port: Number(port), web_ui_target };
}
