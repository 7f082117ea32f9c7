// Runs some commands for the functions that they need, and keeps what V8 has compiled by then.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CODE_CACHE, compileCommand } from '../bin/command.js';

const LINES = [['--help'], ['validate', 'examples/quickstart.yaml'], ['list']];

const state = mkdtempSync(path.join(tmpdir(), 'orch-build-'));
const nowhere = { write: () => true };
const host = { env: { ORCH_STATE_DIR: state }, cwd: process.cwd(), stdout: nowhere, stderr: nowhere };
const { script, command } = compileCommand();
for (const line of LINES) await command.runCli(line, host);
writeFileSync(CODE_CACHE, script.createCachedData());
rmSync(state, { recursive: true, force: true });
