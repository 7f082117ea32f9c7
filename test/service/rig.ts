import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serviceFiles, type ServiceFiles } from '../../src/service/files.js';
import { stopProcess } from '../../src/host/process-identity.js';
import { readRecord } from '../../src/service/record.js';
import { findTemporalBinary } from '../../src/service/temporal-binary.js';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const FAKE_WORKER = fileURLToPath(new URL('./fixtures/fake-worker.mjs', import.meta.url));

const folders: string[] = [];
const children: ChildProcess[] = [];

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'orch-service-'));
  folders.push(folder);
  return folder;
}

/** A state folder of its own with a fake worker beside it. */
export interface Place {
  env: NodeJS.ProcessEnv;
  files: ServiceFiles;
  workerEntry: string;
}

export function newPlace(env: Record<string, string> = {}): Place {
  const folder = temporaryFolder();
  const workerEntry = join(folder, 'worker.mjs');
  copyFileSync(FAKE_WORKER, workerEntry);
  const state = join(folder, 'state');
  return { env: { ...process.env, ORCH_STATE_DIR: state, ...env }, files: serviceFiles(state), workerEntry };
}

/** A place where the real server is used, found as users' is (fetched at the very first time). */
export async function newRealPlace(env: Record<string, string> = {}): Promise<Place> {
  const { path } = await findTemporalBinary({ env: process.env });
  return newPlace({ ORCH_TEMPORAL_CLI: path, ...env });
}

/** Ends what the places' records name and what `start` started, and removes the folders. */
export async function cleanUp(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) {
    const record = readRecord(serviceFiles(join(folder, 'state')));
    const processes = [record?.worker, record?.server].filter((process) => process !== undefined);
    await Promise.all(processes.map((process) => stopProcess(process, 0)));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process of the test's own, ended after it. */
export function start(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** Polls a condition; a condition that never comes true is an error that says what was waited for. */
export async function until(what: string, condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(10);
  }
}

/** An executable shell script. */
export function script(folder: string, name: string, ...lines: string[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return path;
}

/** A program that answers `--version` as Temporal's would. */
export function fakeTemporal(folder: string, cli: string, server: string, name = 'temporal'): string {
  return script(folder, name, versionLine(cli, server));
}

export function versionLine(cli: string, server: string): string {
  return `echo "temporal version ${cli} (Server ${server}, UI 2.42.1)"`;
}

/** The service compiled as a package of its own, for tests that need it in several processes. */
export function compiledService(): string {
  const pkg = join(temporaryFolder(), 'pkg');
  mkdirSync(pkg);
  cpSync(join(REPO, 'package.json'), join(pkg, 'package.json'));
  symlinkSync(join(REPO, 'node_modules'), join(pkg, 'node_modules'));
  const args = ['--noCheck', '--declaration', 'false', '--outDir', join(pkg, 'dist')];
  execFileSync(join(REPO, 'node_modules', '.bin', 'tsc'), ['-p', join(REPO, 'tsconfig.json'), ...args]);
  const dist = join(pkg, 'dist', 'service');
  if (!existsSync(dist)) throw new Error('the service was not compiled');
  return dist;
}

/** Runs a module's text in a process of its own; resolves to what it printed as JSON. */
export async function runModule(text: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const child = start(process.execPath, ['--input-type=module', '-e', text], env);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(errors);
  return JSON.parse(output);
}
