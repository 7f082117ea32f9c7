import { setTimeout as sleep } from 'node:timers/promises';
import { runGit, type GitEnd } from '../../agents/index.js';
import { TurnRefused } from './turn-failure.js';
import { defined } from '../../basics/defined.js';

/** Milliseconds between two looks at a lock that another git holds, and how often. */
const LOCKED = { pauseMs: 250, tries: 40 };

/** Another git, of an attempt before this one or of a person, may hold the index for a moment. */
export async function tryGit(
  top: string,
  args: readonly string[],
  timeoutMs?: number,
  options: Parameters<typeof runGit>[2] = {},
): Promise<GitEnd> {
  for (let tried = 1; ; tried += 1) {
    const end = await runGit(top, args, { ...options, ...defined({ timeoutMs }) });
    if (!end.failed || tried >= LOCKED.tries || !/\.lock': File exists|cannot lock ref/.test(end.stderr)) return end;
    await sleep(LOCKED.pauseMs);
  }
}

/** Git that has to go well. @throws TurnRefused with its words */
export async function must(
  top: string,
  args: readonly string[],
  options: Parameters<typeof runGit>[2] = {},
): Promise<string> {
  const end = await tryGit(top, args, undefined, options);
  if (!end.failed) return end.stdout;
  const locked = /Unable to create '([^']*\.lock)'/.exec(end.stderr)?.[1];
  if (locked !== undefined) {
    const message = `another git process holds ${locked}; if none is running, remove that file`;
    throw new TurnRefused('git_locked', message);
  }
  throw new TurnRefused('git_failed', `git ${args.find((each) => !each.startsWith('-')) ?? ''}: ${end.said}`);
}
