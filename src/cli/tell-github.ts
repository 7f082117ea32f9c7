import { appendFile } from 'node:fs/promises';
import type { RunResult } from '../contract/run-messages.js';
import type { CliContext } from './context.js';
import { githubAnnotations, githubSummary } from './render/github.js';
import type { EndedAs } from './render/summary.js';

/** Whether the command runs in a job of GitHub Actions. */
export function inGithubJob({ env }: CliContext): boolean {
  return env['GITHUB_ACTIONS'] === 'true';
}

/** Tells a job of GitHub Actions how a run ended: annotations for what failed, and a summary for the page of the job. */
export async function tellGithub(context: CliContext, result: RunResult, about: EndedAs): Promise<void> {
  for (const line of githubAnnotations(result)) context.note(`${line}\n`);
  const file = context.env['GITHUB_STEP_SUMMARY'];
  if (!file) return;
  await appendFile(file, githubSummary(result, about)).catch((error: Error) => {
    context.note(`note: the summary of the job could not be written: ${error.message}\n`);
  });
}
