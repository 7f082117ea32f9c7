import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A new empty folder. */
export function tempDir(): string {
  return mkdtempSync(path.join(os.tmpdir(), 'orch-t-'));
}

/** Writes a plan as JSON and gives its path. */
export function writePlan(dir: string, plan: Record<string, unknown>, name = 'plan.json'): string {
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, name);
  writeFileSync(file, JSON.stringify({ plan_id: 'test', version: '1.0', ...plan }, null, 2));
  return file;
}

/** What differs from run to run, made the same: durations and the Web UI's address. */
export function steady(text: string): string {
  return text.replace(/ *\b\d+\.\ds\b/g, ' <time>').replace(/http:\/\/127\.0\.0\.1:\d+\/\S+/g, '<web ui>');
}

/** A run id that no other test has. */
export function uniqueId(prefix: string): string {
  return `${prefix}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}
