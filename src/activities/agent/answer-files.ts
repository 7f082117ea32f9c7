import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  decodeText,
  verdictOfFile,
  type Adapter,
  type FileVerdict,
  type TurnOutcome,
  type TurnRequest,
} from '../../agents/index.js';
import { replaceFileSync } from '../../host/atomic-file.js';
import type { Redactor } from '../../secrets/index.js';

/** Where an agent, or a script round it, may leave its verdict: `ORCH_VERDICT` tells it. */
export function verdictFile({ dir }: Pick<TurnRequest, 'dir'>): string {
  return path.join(dir, 'verdict');
}

/** What a script has written as its answer; it counts more than what it printed. */
export function answerFile({ sidecar }: Adapter, request: TurnRequest): string | undefined {
  const text = sidecar === undefined ? undefined : readIfThere(outputOf(sidecar(request)));
  return text === undefined || text.trim() === '' ? undefined : text;
}

/** The verdict that was left in a file, if one was; one that a script has made of the answer is only its guess. */
export function verdictOfFiles(
  { sidecar }: Adapter,
  request: TurnRequest,
): { file?: FileVerdict; fileIsGuess?: boolean } {
  const file = verdictOfFile(readIfThere(verdictFile(request)) ?? '');
  if (file !== undefined) return { file };
  const guess = sidecar === undefined ? undefined : verdictOfFile(readIfThere(sidecar(request)) ?? '', { exact: true });
  return guess === undefined ? {} : { file: guess, fileIsGuess: true };
}

/** Leaves the verdict that counts where the agent has left none. */
export function keepVerdict(request: TurnRequest, { verdict, note, failure }: TurnOutcome, redactor: Redactor): void {
  const summary = note ?? failure?.message;
  const text = `STATUS: ${verdict ?? 'error'}\n${summary === undefined ? '' : `SUMMARY: ${summary.split('\n', 1)[0]}\n`}`;
  try {
    writeFileSync(verdictFile(request), redactor.text(text), { mode: 0o600, flag: 'wx' });
  } catch {
    // The agent has left one itself, or the disk is full: what counts goes with the result.
  }
}

/** Takes secrets out of its prompt, and of what the agent has written for orch: it stays with the record of the run, which holds none. */
export function hideSecrets(adapter: Adapter, request: TurnRequest, redactor: Redactor): void {
  const answers = adapter.sidecar === undefined ? [] : [outputOf(adapter.sidecar(request))];
  for (const file of [request.promptFile, ...verdictFiles(adapter, request), ...answers]) {
    const text = readIfThere(file);
    if (text === undefined) continue;
    const clean = redactor.text(text);
    if (clean === text) continue;
    // As a whole: a worker that comes later may read it again.
    replaceFileSync(file, clean);
  }
}

function verdictFiles({ sidecar }: Adapter, request: TurnRequest): string[] {
  return [verdictFile(request), ...(sidecar === undefined ? [] : [sidecar(request)])];
}

/** The answer that belongs to the verdict of a script. */
function outputOf(sidecar: string): string {
  return sidecar.replace(/\.verdict$/, '');
}

function readIfThere(file: string): string | undefined {
  try {
    return decodeText(readFileSync(file));
  } catch {
    return undefined;
  }
}
