import type { Command } from 'commander';
import { candidates } from '../completion/candidates.js';
import { completionScript, FILES, type Shell } from '../completion/scripts.js';
import { createSources } from '../completion/sources.js';
import { EXIT, type CliContext } from '../context.js';
import { oneLine } from '../render/format.js';

/** `orch completion SHELL`: prints what the shell reads to complete the words of orch. */
export function completion(context: CliContext, shell: Shell): number {
  context.out(completionScript(shell));
  return EXIT.succeeded;
}

/** `orch __complete -- WORDS`, which that calls: a candidate on each line, and after a tab what it is. */
export async function complete(context: CliContext, program: Command, words: readonly string[]): Promise<number> {
  const { found, files } = await candidates(program, words, createSources(context));
  const lines = found.map(({ value, text }) => (text === undefined ? value : `${value}\t${oneLine(text)}`));
  context.out([...lines, ...(files ? [FILES] : [])].map((line) => `${line}\n`).join(''));
  return EXIT.succeeded;
}
