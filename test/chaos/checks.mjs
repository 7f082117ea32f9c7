// What must hold after a run, whatever was done to the service. Each check tells what is wrong by lines of text.
import { EXPECTED } from './plan.mjs';

/** A run of `servicesPlan`, after its end. */
export function checkRun(rig, id) {
  const manifest = rig.manifest(id);
  const wrong = { effects: [], logs: [], ends: [], attempts: [], events: [], run: [] };
  const effects = rig.lines(id, 'effects').map((line) => line.split(' ')[0]);
  for (const { id: step, status, codes, stdout, stderr, outputs } of EXPECTED) {
    const times = effects.filter((effect) => effect === step).length;
    if (times !== codes.length) wrong.effects.push(`${step} ran ${times} times`);
    for (const attempt of codes.keys()) {
      for (const [name, text] of Object.entries({ stdout, stderr })) {
        const file = `steps/${step}/${attempt + 1}/${name}.log`;
        const log = rig.record(id, file);
        if (log !== text) wrong.logs.push(`${file} has ${log.length} characters, not ${text.length}`);
      }
    }
    const is = manifest.steps.find((other) => other.id === step);
    const end = JSON.stringify([is.status, is.exit_code, is.outputs]);
    const wanted = JSON.stringify([status, codes.at(-1), outputs]);
    if (end !== wanted) wrong.ends.push(`${step} is ${end} and not ${wanted}: ${is.reason} ${is.message}`);
    const attempts = is.attempts.map(({ attempt, exit_code }) => `${attempt}: ${exit_code}`);
    const wantedAttempts = codes.map((code, i) => `${i + 1}: ${code}`);
    if (is.executions !== codes.length || String(attempts) !== String(wantedAttempts)) {
      wrong.attempts.push(`${step}: ${is.executions} executions, attempts ${attempts.join(', ')}`);
    }
  }
  const run = JSON.stringify([manifest.status, manifest.warnings]);
  if (run !== '["failed",1]') wrong.run.push(`the run is ${run}: ${manifest.reason} ${manifest.message}`);
  for (const line of rig.lines(id, 'two-at-once')) wrong.effects.push(`two at once: ${line}`);
  wrong.events.push(...checkEvents(rig.record(id, 'events.ndjson'), manifest));
  return wrong;
}

function checkEvents(text, manifest) {
  if (!text.endsWith('\n')) return ['the last line of events.ndjson is torn'];
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const wrong = events.flatMap(({ seq }, i) => (seq === i + 1 ? [] : [`line ${i + 1} is event ${seq}`]));
  const names = events.map(({ type, step }) => (step === undefined ? type : `${type} ${step}`));
  const ends = { success: 'succeeded', warning: 'succeeded', failed: 'failed' };
  const wanted = EXPECTED.flatMap(({ id, status }) => [`step-started ${id}`, `step-${ends[status]} ${id}`]);
  wanted.push('step-attempt-failed fails', 'step-attempt-failed flaky', 'step-retry flaky');
  wanted.push('run-created', 'run-started', 'run-finished');
  if (String(names.toSorted()) !== String(wanted.toSorted())) wrong.push(`the events are ${names.join(', ')}`);
  for (const { id, depends_on } of manifest.steps) {
    const [start, end] = [`started ${id}`, `(succeeded|failed) ${id}`].map((name) => indexOf(names, name));
    const before = depends_on.map((other) => indexOf(names, `(succeeded|failed) ${other}`));
    if (start > end || before.some((index) => index > start)) wrong.push(`the events of ${id} are out of order`);
  }
  if (names.at(-1) !== 'run-finished') wrong.push('run-finished is not the last event');
  if (events.some(({ time }, i) => i > 0 && time < events[i - 1].time)) wrong.push('times of events run backwards');
  return wrong;
}

function indexOf(names, pattern) {
  return names.findIndex((name) => new RegExp(`^step-${pattern}$`).test(name));
}

/** A run of `victimsPlan`, some of whose steps were killed: `killed` says which, and how often. */
export function checkVictims(rig, id, killed) {
  const manifest = rig.manifest(id);
  const wrong = { effects: [], ends: [], run: [] };
  const effects = rig.lines(id, 'effects').map((line) => line.split(' ')[0]);
  for (const step of manifest.steps) {
    const losses = killed.filter((victim) => victim === step.id).length;
    const lost = step.id === 'once' && losses > 0;
    const [status, times] = lost ? ['failed', 1] : ['success', losses + 1];
    const ran = effects.filter((effect) => effect === step.id).length;
    if (ran !== times) wrong.effects.push(`${step.id} ran ${ran} times after ${losses} kills`);
    if (step.status !== status || (lost && step.reason !== 'lost')) {
      wrong.ends.push(`${step.id} is ${step.status} (${step.reason} ${step.message}) after ${losses} kills`);
    }
  }
  const wanted = killed.includes('once') ? 'failed' : 'succeeded';
  if (manifest.status !== wanted) wrong.run.push(`the run is ${manifest.status}`);
  for (const line of rig.lines(id, 'two-at-once')) wrong.effects.push(`two at once: ${line}`);
  return wrong;
}
