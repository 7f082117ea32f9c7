// Appends one line about a merge to a file of events. A step that is tried again writes no second one.
//
//   node record.mjs FILE OUTCOME BASE_COMMIT BRANCH_COMMIT MERGE_COMMIT CONFLICTS
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [file, outcome, baseCommit, branchCommit, mergeCommit, conflicts] = process.argv.slice(2);
const { ORCH_RUN_ID, ORCH_IDEMPOTENCY_KEY, REPO, REMOTE, BASE, BRANCH } = process.env;

const event = {
  event: 'safe-merge',
  outcome,
  key: ORCH_IDEMPOTENCY_KEY,
  run_id: ORCH_RUN_ID,
  repo: path.resolve(REPO),
  remote: REMOTE,
  base: BASE,
  branch: BRANCH,
  base_commit: baseCommit || null,
  branch_commit: branchCommit || null,
  merge_commit: mergeCommit || null,
  conflicts: conflicts === 'true',
  at: new Date().toISOString(),
};

if (recorded(file, event.key)) {
  process.stdout.write('recorded before\n');
} else {
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(event)}\n`);
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function recorded(eventFile, key) {
  if (!existsSync(eventFile)) return false;
  const lines = readFileSync(eventFile, 'utf8').split('\n');
  return lines.some((line) => line.includes(`"key":${JSON.stringify(key)}`));
}
