// Settles every conflicted path of the merge in the current folder by a stated policy, and commits the merge.
//
//   node resolve.mjs newest|ours|theirs|none
//
// newest: per path, the side whose last change of it was committed later; equal times go to ours. A deletion is a
// change like any other. Where nothing is in conflict it does nothing.
import { execFileSync } from 'node:child_process';
import { lstatSync, rmSync } from 'node:fs';

const [policy = 'newest'] = process.argv.slice(2);
const OURS = '2';
const THEIRS = '3';
const NO_OBJECT = '0'.repeat(40);

main();

function main() {
  const conflicts = conflictedPaths();
  if (conflicts.size === 0) {
    print('nothing is in conflict');
    return;
  }
  if (policy === 'none') {
    print(`in conflict, and the policy is to resolve nothing:\n${[...conflicts.keys()].map(shown).join('\n')}`);
    process.exitCode = 1;
    return;
  }
  const decisions = [...conflicts].map(([path, stages]) => ({ path, stages, ...decide(path, stages) }));
  apply(decisions);
  const lines = decisions.map(({ path, side, why }) => `${shown(path)}: ${side === OURS ? 'ours' : 'theirs'} (${why})`);
  git(['commit', '--quiet', '--cleanup=verbatim', '--file=-'], message(lines));
  print(lines.join('\n'));
}

/** Path to its stages; a stage is what the index holds of one side: `{mode, oid}`. */
function conflictedPaths() {
  const conflicts = new Map();
  for (const entry of records(git(['ls-files', '--unmerged', '-z']))) {
    const tab = entry.indexOf('\t');
    const [mode, oid, stage] = entry.slice(0, tab).split(' ');
    const path = entry.slice(tab + 1);
    if (!conflicts.has(path)) conflicts.set(path, {});
    conflicts.get(path)[stage] = { mode, oid };
  }
  return conflicts;
}

function decide(path, stages) {
  if (policy === 'ours') return { side: OURS, why: 'policy' };
  if (policy === 'theirs') return { side: THEIRS, why: 'policy' };
  const ours = changedAt(path, stages[OURS], 'HEAD');
  const theirs = changedAt(path, stages[THEIRS], 'MERGE_HEAD');
  if (ours === theirs) return { side: stages[OURS] || !stages[THEIRS] ? OURS : THEIRS, why: 'same time' };
  return { side: ours > theirs ? OURS : THEIRS, why: `newer: ${isoTime(Math.max(ours, theirs))}` };
}

/** Seconds since the epoch at which a side last changed the path; 0 where it did not. */
function changedAt(path, stage, side) {
  const base = git(['merge-base', 'HEAD', 'MERGE_HEAD']).trim();
  const range = `${base}..${side}`;
  // By content first: it finds the change also where the side knows the file under another name.
  const byContent = stage && git(['log', '-1', '--format=%ct', `--find-object=${stage.oid}`, range]).trim();
  return Number(byContent || git(['log', '-1', '--format=%ct', range, '--', path]).trim() || 0);
}

/** Writes the chosen side of each path to index and folder; what that side does not have is removed. */
function apply(decisions) {
  const entries = decisions.map(({ path, stages, side }) => {
    const { mode, oid } = stages[side] ?? { mode: '0', oid: NO_OBJECT };
    return `${mode} ${oid}\t${path}\0`;
  });
  git(['update-index', '-z', '--index-info'], entries.join(''));
  const kept = decisions.filter(({ stages, side }) => stages[side]);
  git(['checkout-index', '--force', '-z', '--stdin'], kept.map(({ path }) => `${path}\0`).join(''));
  // A folder of that name holds files of the other side, which have their own say.
  const removed = decisions.filter(({ path, stages, side }) => !stages[side] && !isFolder(path));
  for (const { path } of removed) rmSync(path, { force: true });
}

function isFolder(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function message(lines) {
  const first = git(['log', '-1', '--format=%h', 'MERGE_HEAD']).trim();
  const subject = process.env.MERGE_MESSAGE ?? `Merge ${first}`;
  return `${subject}\n\nConflicts were resolved by the policy '${policy}':\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`;
}

function git(args, input) {
  return execFileSync('git', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, GIT_LITERAL_PATHSPECS: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(input === undefined ? {} : { input }),
  });
}

function records(text) {
  return text.split('\0').filter(Boolean);
}

/** A path may hold anything but NUL; in a message it stays on its line. */
function shown(path) {
  return /^[\x21-\x7e]+$/.test(path) ? path : JSON.stringify(path);
}

function isoTime(seconds) {
  return new Date(seconds * 1000).toISOString();
}

function print(text) {
  process.stdout.write(`${text}\n`);
}
