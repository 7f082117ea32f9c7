import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { UnitFile } from './unit-file.js';

/** What came of putting a unit into place, or taking it away. */
export interface UnitChange {
  path: string;
  /** Whether the file was there before. */
  existed: boolean;
  /** Commands that did not work here, for the user to call. */
  left: string[];
}

/** Writes a unit, and has the system take it up. */
export function installUnit(unit: UnitFile): UnitChange {
  const existed = existsSync(unit.path);
  mkdirSync(dirname(unit.path), { recursive: true });
  writeFileSync(unit.path, unit.text, { mode: 0o600 });
  return { path: unit.path, existed, left: unit.enable.filter((call) => !works(call)).map((call) => call.join(' ')) };
}

/** Has the system forget a unit, and removes it. What runs goes on. */
export function uninstallUnit(unit: UnitFile): UnitChange {
  const existed = existsSync(unit.path);
  if (!existed) return { path: unit.path, existed, left: [] };
  const left = unit.disable.filter((call) => !works(call)).map((call) => call.join(' '));
  rmSync(unit.path);
  return { path: unit.path, existed, left };
}

/** In a container, or by ssh without a session, there is no service manager of the user's to talk to. */
function works([file = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
