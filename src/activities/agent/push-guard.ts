import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addedLines, changeSince } from '../../agents/index.js';
import { createRedactor } from '../../secrets/index.js';

/** Where every push leads: no program has this name, and git says it. */
const NOWHERE = 'pushing-is-denied-by-orch::';

/** Hooks of clients, which go on to those of the repository. `reference-transaction` runs too often to be worth it. */
const HOOKS = (
  'applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg commit-msg ' +
  'post-commit pre-rebase post-checkout post-merge pre-auto-gc post-rewrite'
).split(' ');

const PRE_PUSH = `#!/bin/sh
echo "orch: this agent may not push (push: deny)" >&2
exit 1
`;

/** Hands on to the hook that the repository has itself. */
const GO_ON = `#!/bin/sh
name=$(basename "$0")
own=$(GIT_CONFIG_PARAMETERS= git config --path core.hooksPath) || own=$(git rev-parse --git-common-dir)/hooks
[ -x "$own/$name" ] || exit 0
exec "$own/$name" "$@"
`;

/**
 * Keeps an agent from pushing by mistake: git itself sends every push to nowhere, also one that skips hooks; where a
 * remote has an address of its own for pushes, the hook refuses. Nothing of it is written into the repository.
 *
 * @param dir folder of the turn
 * @returns what the agent's environment gets
 */
export function guardPushes(dir: string): Record<string, string> {
  const hooks = path.join(dir, 'git-hooks');
  mkdirSync(hooks, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(hooks, 'pre-push'), PRE_PUSH, { mode: 0o700 });
  writeFileSync(path.join(hooks, 'go-on'), GO_ON, { mode: 0o700 });
  for (const name of HOOKS) {
    try {
      symlinkSync('go-on', path.join(hooks, name));
    } catch {
      // Another attempt to start this turn has made it.
    }
  }
  const settings = [`url.${NOWHERE}.pushinsteadof=`, `core.hookspath=${hooks}`];
  // Not by GIT_CONFIG_KEY_0: agents take names with KEY out of the environment of their tools, and then git fails.
  return { GIT_CONFIG_PARAMETERS: settings.map((each) => `'${each.replaceAll("'", String.raw`'\''`)}'`).join(' ') };
}

/** Names the files to which a turn has added what looks like a secret. */
export async function secretsAdded(cwd: string, since: string): Promise<string | undefined> {
  const whole = await changeSince(cwd, since);
  if (whole === undefined) return undefined;
  const redactor = createRedactor();
  const files = addedLines(whole).flatMap(({ file, line }) => (redactor.text(line) === line ? [] : [file]));
  const named = [...new Set(files)];
  if (named.length === 0) return undefined;
  const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} more files` : '';
  return `the change adds what looks like a secret: ${named.slice(0, MAX_NAMED).join(', ')}${more}`;
}

const MAX_NAMED = 5;
