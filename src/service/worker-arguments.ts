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

const OPTIONS = {
  service_dir: '--service-dir',
  address: '--address',
  build_id: '--build-id',
  web_ui_port: '--web-ui-port',
  web_ui_target: '--web-ui-target',
} as const satisfies Record<keyof WorkerArguments, string>;

/** The options of a worker's command line. */
export function workerArguments(told: WorkerArguments): string[] {
  const names = Object.keys(OPTIONS) as (keyof WorkerArguments)[];
  return names.flatMap((name) => [OPTIONS[name], String(told[name])]);
}

/** What a worker's command line says; undefined where it is none of a worker. */
export function readWorkerArguments(entry: TableEntry): WorkerArguments | undefined {
  const service_dir = optionOf(entry, OPTIONS.service_dir);
  const address = optionOf(entry, OPTIONS.address);
  const build_id = optionOf(entry, OPTIONS.build_id);
  const port = optionOf(entry, OPTIONS.web_ui_port);
  const web_ui_target = optionOf(entry, OPTIONS.web_ui_target);
  if (!service_dir || !address || !build_id || !port || !web_ui_target) return undefined;
  return { service_dir, address, build_id, web_ui_port: Number(port), web_ui_target };
}
