import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import type { ServiceFiles } from './files.js';
import { replaceFileSync } from '../host/atomic-file.js';
import { LOOPBACK } from './ports.js';

const processSchema = { pid: z.int().positive(), start_time: z.string(), started_at: z.string() };

const serverSchema = z.object({
  ...processSchema,
  /** host:port of the gRPC interface. */
  address: z.string(),
  /** As `Ports`; 0 where one is not known. Servers of the first versions had their Web UI at a port that stood here. */
  ports: z.object({
    grpc: z.int(),
    http: z.int(),
    metrics: z.int().default(0),
    ui: z.union([z.string(), z.int().transform((port) => `${LOOPBACK}:${port}`)]),
  }),
  /** Stands for what it was told apart from where it listens. */
  settings: z.string().default(''),
  binary: z.string(),
  version: z.object({ cli: z.string(), server: z.string() }),
  /** Where its output begins in the log. Bytes. */
  log_start: z.int(),
  /** Whether it was seen to be up. Until then whoever answers at its port may be another's server. */
  settled: z.boolean(),
});

const workerSchema = z.object({
  ...processSchema,
  /** What it was told, see `WorkerArguments`. */
  address: z.string(),
  build_id: z.string(),
  web_ui_port: z.int().default(0),
  web_ui_target: z.string().default(''),
});

/** What was started again without anybody asking, and why. */
const restartSchema = z.object({
  at: z.string(),
  what: z.enum(['server', 'worker']),
  why: z.enum(['dead', 'stuck']),
});

const recordSchema = z.object({
  orch_version: z.string(),
  server: serverSchema.optional(),
  worker: workerSchema.optional(),
  /** Absent where nothing is to be started again by itself. */
  watcher: z.object(processSchema).optional(),
  /** The last ones, oldest first. */
  restarts: z.array(restartSchema).optional(),
});

/** What `service.json` says: what was started, which need not live any more. */
export type ServiceRecord = z.infer<typeof recordSchema>;
export type ServerRecord = z.infer<typeof serverSchema>;
export type WorkerRecord = z.infer<typeof workerSchema>;
export type Restart = z.infer<typeof restartSchema>;

/** The record, or undefined where nothing was started or the file is not ours. */
export function readRecord(files: ServiceFiles): ServiceRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(files.record, 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeRecord(files: ServiceFiles, record: ServiceRecord): void {
  replaceFileSync(files.record, `${JSON.stringify(record, null, 2)}\n`);
}

export function removeRecord(files: ServiceFiles): void {
  rmSync(files.record, { force: true });
}
