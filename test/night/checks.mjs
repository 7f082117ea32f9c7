// What must be so when the night is over.
import { readFileSync } from 'node:fs';
import path from 'node:path';

export function checkNight({ rig, night, seen, dir, starts, loop }) {
  const wrong = (check, line) => seen.wrong.push([check, line]);
  const told = [...seen.records.values()].sort((a, b) => a.seq - b.seq);
  checkEnds(night, told, wrong);
  checkStarts(night, starts, wrong);
  const state = JSON.parse(readFileSync(path.join(dir, 'sync', 'state.json'), 'utf8'));
  const next = Math.floor(night.length / 2) + 1;
  const rests = night.length % 2 === 0 ? 'complete' : 'waiting-ralph';
  if (state.status !== rests || state.iteration !== next) {
    wrong('state', `state.json says ${state.status} at iteration ${state.iteration} instead of ${rests} at ${next}`);
  }
  const left = rig.processes().filter(({ run }) => run === loop);
  if (left.length > 0) wrong('processes', `left behind: ${JSON.stringify(left)}`);
}

/** Every end that orch has told, in its order, is the one that the script knows; none is missing, none is too many. */
function checkEnds(night, told, wrong) {
  const wanted = night.flatMap(({ id, way, prompt, agent, records, router }) => [
    ...(router?.records ?? []).map(([status, words]) => ({ id, way: 'router', prompt: 'router.md', status, words })),
    ...records.map(([status, words]) => ({ id, way, prompt, agent, status, words })),
  ]);
  for (const [at, want] of wanted.entries()) {
    const is = told[at];
    const id = is && `iter-${String(is.iteration).padStart(5, '0')}.${is.role}`;
    const same =
      id === want.id &&
      is.prompt === want.prompt &&
      is.status === want.status &&
      want.words.test(is.words) &&
      (want.agent === undefined || is.agent === want.agent);
    if (same) continue;
    wrong('ends', `${want.id} (${want.way}): ${want.status} ${want.words}, and orch says ${JSON.stringify(is)}`);
    return; // all that come after it are shifted
  }
  // Of a turn that was not ended before the night was, there may be failures.
  const next = told.slice(wanted.length).find(({ status }) => status !== 'failed' && status !== 'stopped');
  if (next !== undefined) wrong('ends', `one too many: ${JSON.stringify(next)}`);
}

/** No agent was started that was not to be started, whoever was killed meanwhile. */
function checkStarts(night, starts, wrong) {
  const byStep = groupByStep(starts);
  for (const { id, way, agent, starts: count, fresh, router } of night) {
    const own = byStep.get(id) ?? [];
    if (own.length !== count) wrong('starts', `${id} (${way}): ${own.length} starts instead of ${count}`);
    if (own.some((start) => start.agent !== agent)) wrong('starts', `${id}: another agent than ${agent}`);
    const knows = own.at(-1)?.prompt.includes('This task was started before') === true;
    if (fresh === true && !knows) wrong('starts', `${id}: the fresh session does not know that it was begun`);
    const asked = byStep.get(`${id}.router`)?.length ?? 0;
    if (asked !== (router?.starts ?? 0)) wrong('starts', `${id}: the router was asked ${asked} times`);
  }
}

function groupByStep(starts) {
  const byStep = new Map();
  for (const start of starts) byStep.set(start.step, [...(byStep.get(start.step) ?? []), start]);
  return byStep;
}
