// What another user of this machine can do who reaches the server's port. Each deed is done by a process of the user `nobody`.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packReports } from '../../../dist/contract/step-group.js';
import { until } from '../rig.mjs';

const NOBODY = 65534;
const SCRIPT = fileURLToPath(new URL('../local-user.mjs', import.meta.url));
const SUCCESS = {
  status: 'success',
  attempts: 1,
  exit_code: 0,
  started_at: 1,
  duration_sec: 1,
  stdout_tail: '',
  stderr_tail: '',
  log_dir: '/',
};

export const attacks = [
  attack('a workflow of their own that runs a step', scheduleForeign),
  attack('a copy of a step in a workflow of their own', copyElsewhere),
  attack('a copy of a step in the run that it is of', copyInRun),
  attack('a plan as the child of a workflow of their own', foreignChild),
  attack("the copy of a sub-plan's start, as a child of their own", copiedChild),
  attack("a step put into a genuine run by an answer in orch's place", stolenTask),
  attack("a run completed by an answer in orch's place", stolenEnd),
  attack("a wait made short by an answer in orch's place", hurried),
  attack('a running step that is said to have succeeded', forgedResult),
  attack('a group of short steps that is said to have succeeded', forgedGroup),
  attack('a copy of a group of short steps in a workflow of their own', copiedGroup),
  attack('a running step that fails with the details of a success', forgedFailure),
  attack("the result of another step's, copied", copiedResult),
  attack("a step's task, taken and answered before orch's worker has it", takenTask),
  attack('an approval by a signal', signaled),
  attack('an approval by an update', updated),
  attack('an approval of another run, copied', copiedApproval),
  attack('a start that is sent again', restarted),
  attack('a reset', resetRun),
];

function attack(what, run) {
  return {
    name: `another user: ${what}`,
    async run(rig) {
      if (process.getuid?.() !== 0) return rig.skip('only root can become another user');
      const found = await run(rig);
      return found ?? (await stillWorks(rig));
    },
  };
}

/** Does a deed as `nobody`. */
function nobody(rig, deed, about = {}) {
  const { address } = rig.service().server;
  const options = { uid: NOBODY, gid: NOBODY, cwd: '/', env: { PATH: process.env.PATH }, timeout: 240_000 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [SCRIPT, address, deed, JSON.stringify(about)], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${deed}: ${stdout}${stderr}`, { cause: error }));
      else resolve(JSON.parse(stdout));
    });
  });
}

/** A run after the attack is as good as one before. */
async function stillWorks(rig) {
  const id = rig.uniqueId('after');
  await rig.start(id, plan(rig, id, [touch('a', 'done')]));
  const { status } = JSON.parse(await rig.orch('watch', id, '--json'));
  return status === 'succeeded' && rig.lines(id, 'done').length > 0 ? undefined : `a genuine run ${status} after it`;
}

const plan = (rig, id, steps) => ({ plan_id: 'plan', version: '1.0', globals: { cwd: rig.folder(id) }, steps });
const touch = (id, file, more = {}) => ({ id, command: 'sh', args: ['-c', `echo x >> ${file}`], ...more });
const waiting = (id, file) =>
  touch(id, file, { command: `echo x >> ${file}; until [ -e go ]; do sleep 0.05; done`, shell: true, args: [] });

function task(rig, dir, step_id = 'a') {
  return {
    run_id: 'evil',
    step_id,
    action: { type: 'command', command: 'touch', args: [path.join(dir, 'pwned')] },
    cwd: [dir],
    env: {},
    timeout_sec: 10,
    max_duration_sec: 10,
    grace_sec: 1,
    retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
    max_lost: 0,
    max_output_bytes: 1000,
    success_exit_codes: [0],
    warning_exit_codes: [],
    outputs: [],
  };
}

function planInput(dir) {
  return {
    engine_version: 1,
    plan: { plan_id: 'x', version: '1.0', steps: [{ id: 'a', command: 'touch', args: ['pwned'] }] },
    digest: '',
    inputs: {},
    env: { PATH: process.env.PATH },
    base_dir: dir,
  };
}

const pwned = (dir) => (existsSync(path.join(dir, 'pwned')) ? 'it ran a process of theirs' : undefined);

/** Resolves once everything that an execution has handed out has been answered. */
async function settled(rig, id) {
  await until(`the activities of ${id} have ended`, async () => {
    const { raw } = await rig.client.workflow.getHandle(id).describe();
    const types = await rig.eventsOf(id);
    const count = (name) => types.filter((type) => type === `activityTask${name}EventAttributes`).length;
    return (raw.pendingActivities ?? []).length === 0 && count('Scheduled') > 0;
  });
}

async function closed(rig, id) {
  await until(`${id} has closed`, async () => {
    const { status } = await rig.client.workflow.getHandle(id).describe();
    return status.name !== 'RUNNING';
  });
}

async function scheduleForeign(rig) {
  const id = rig.uniqueId('foreign');
  const dir = rig.folder(id);
  await nobody(rig, 'schedule', { id, task: task(rig, dir) });
  await settled(rig, id);
  return pwned(dir);
}

async function ranOnce(rig, steps = [touch('a', 'ran')]) {
  const id = rig.uniqueId('genuine');
  await rig.start(id, plan(rig, id, steps));
  await rig.orch('watch', id);
  return id;
}

const twice = (rig, id, file = 'ran') => (rig.lines(id, file).length > 1 ? 'a step ran twice' : undefined);

async function copyElsewhere(rig) {
  const genuine = await ranOnce(rig);
  const id = rig.uniqueId('foreign');
  await nobody(rig, 'schedule', { id, copyOf: genuine, activityId: 's:a' });
  await settled(rig, id);
  return twice(rig, genuine);
}

async function blocked(rig, more = []) {
  const id = rig.uniqueId('genuine');
  await rig.start(id, plan(rig, id, [waiting('a', 'ran'), ...more]));
  await until(`${id} runs`, () => rig.lines(id, 'ran').length > 0);
  // A group of short steps may have begun it, and leaves it to an activity of its own a second later.
  await until(`${id} waits for its step`, async () => (await pending(rig, id)).includes('s:a'));
  return id;
}

async function pending(rig, id) {
  const { raw } = await rig.client.workflow.getHandle(id).describe();
  return (raw.pendingActivities ?? []).map(({ activityId }) => activityId);
}

async function release(rig, id) {
  await rig.orch('cancel', id).catch(() => {});
}

/** Lets a process end, and resolves to how the run says that it went. */
async function go(rig, id) {
  const { writeFileSync } = await import('node:fs');
  writeFileSync(path.join(rig.folder(id), 'go'), '');
  return JSON.parse(await rig.orch('watch', id, '--json').catch((error) => /\{[^]*\}/.exec(error.message)[0]));
}

/**
 * Does something while no worker is there. A killed one gives its tasks back at once; to one that is only stopped the
 * server would hand one task after the other, each for as long as a task may take.
 */
async function withoutWorker(rig, deed) {
  await rig.kill9('worker');
  try {
    await deed();
  } finally {
    await rig.orch('up');
  }
}

/** The attacker has the next task of a run, for no worker is there: one about a signal of theirs. */
async function steal(rig, about) {
  await withoutWorker(rig, async () => {
    const [stolen] = await Promise.all([
      nobody(rig, 'steal', about),
      nobody(rig, 'signal', { id: about.id, name: 'pause', args: [{}] }),
    ]);
    if (!stolen.hijacked) throw new Error('the task was not stolen');
  });
}

async function copyInRun(rig) {
  const id = await blocked(rig, [touch('b', 'b', { run_once: true })]);
  try {
    await until('b has run', () => rig.manifest(id)?.steps.find((step) => step.id === 'b')?.status === 'success');
    await steal(rig, { id, activityId: 's:b', copyOf: id });
    await until('the copy was refused', async () =>
      (await rig.eventsOf(id)).includes('activityTaskFailedEventAttributes'),
    );
    return twice(rig, id, 'b');
  } finally {
    await rig.orch('cancel', id).catch(() => {});
    await rig.client.workflow
      .getHandle(id)
      .terminate()
      .catch(() => {});
  }
}

async function foreignChild(rig) {
  const id = rig.uniqueId('foreign');
  const childId = `${id}.child`;
  const dir = rig.folder(id);
  await nobody(rig, 'child', { id, childId, input: planInput(dir) });
  await closed(rig, childId);
  return pwned(dir);
}

async function copiedChild(rig) {
  const id = rig.uniqueId('genuine');
  const dir = rig.folder(id);
  const { writeFileSync } = await import('node:fs');
  writeFileSync(path.join(dir, 'sub.json'), JSON.stringify(plan(rig, id, [touch('a', 'ran')])));
  await rig.start(id, plan(rig, id, [{ id: 'sub', step_def: { type: 'plan', plan: 'sub.json' } }]));
  await rig.orch('watch', id);
  const attacker = rig.uniqueId('foreign');
  const child = `${id}.sub`;
  const before = (await rig.client.workflow.getHandle(child).describe()).runId;
  await nobody(rig, 'child', { id: attacker, childId: child, copyOf: child });
  await until(
    'the copy has begun',
    async () => (await rig.client.workflow.getHandle(child).describe()).runId !== before,
  );
  await closed(rig, child);
  return twice(rig, id);
}

async function stolenTask(rig) {
  const id = await blocked(rig);
  const dir = rig.folder(id);
  try {
    await steal(rig, { id, activityId: 's:evil', task: task(rig, dir, 'evil') });
    await until('it was refused', async () => (await rig.eventsOf(id)).includes('activityTaskFailedEventAttributes'));
    return pwned(dir);
  } finally {
    await release(rig, id);
    await rig.client.workflow
      .getHandle(id)
      .terminate()
      .catch(() => {});
  }
}

async function stolenEnd(rig) {
  const id = await blocked(rig);
  const result = {
    run_id: id,
    plan_id: 'plan',
    status: 'succeeded',
    warnings: 0,
    started_at: 1,
    finished_at: 2,
    steps: [],
  };
  await steal(rig, { id, result });
  await closed(rig, id);
  const watched = await rig.orch('watch', id, '--json').then(
    (text) => `watch says ${text}`,
    () => undefined,
  );
  if (watched !== undefined) return watched;
  const list = JSON.parse(await rig.orch('list', '--json'));
  const listed = (list.runs ?? list).find((run) => run.run_id === id);
  return listed?.status === 'succeeded' ? 'list says that it succeeded' : undefined;
}

const wait = (seconds, more = {}) => ({ ...more, step_def: { type: 'wait', seconds } });

/** The first wait is over while no worker is there: the task in which it would begin the second is the attacker's. */
async function hurried(rig) {
  const id = rig.uniqueId('genuine');
  const steps = [
    { id: 'short', ...wait(3) },
    { id: 'long', ...wait(3600, { depends_on: ['short'] }) },
    touch('deploy', 'deployed', { depends_on: ['long'] }),
  ];
  await rig.start(id, plan(rig, id, steps));
  await until('the first wait has begun', async () => (await rig.eventsOf(id)).includes('timerStartedEventAttributes'));
  await withoutWorker(rig, async () => {
    const stolen = await nobody(rig, 'steal', { id, timerId: '2' });
    if (!stolen.hijacked) throw new Error('the task was not stolen');
    await until('the forged timer has fired', async () => {
      const types = await rig.eventsOf(id);
      return types.filter((type) => type === 'timerFiredEventAttributes').length > 1;
    });
  });
  const waits = () => rig.eventsOf(id).then((types) => types.filter((type) => type === 'timerStartedEventAttributes'));
  await until('the wait goes on, or is over', async () => deployed(rig, id) || (await waits()).length > 2);
  const found = deployed(rig, id);
  await release(rig, id);
  return found;
}

async function forgedResult(rig) {
  const id = await blocked(rig, [touch('b', 'b', { depends_on: ['a'] })]);
  await nobody(rig, 'complete', { id, activityId: 's:a', result: SUCCESS });
  return unmoved(rig, id);
}

/** The run asks again for the end of its step, starts nothing before that, and ends as its process does. */
async function unmoved(rig, id, activityId = 's:a') {
  await until(`${activityId} is asked for again`, async () => {
    const { events } = await rig.client.workflow.getHandle(id).fetchHistory();
    return events.filter((event) => event.activityTaskScheduledEventAttributes?.activityId === activityId).length > 1;
  });
  if (rig.lines(id, 'b')[0] === 'x') return 'what depends on it ran';
  const { status } = await go(rig, id);
  return status === 'succeeded' ? twice(rig, id) : `the run ${status}, though its process succeeded`;
}

async function forgedFailure(rig) {
  const id = await blocked(rig, [touch('b', 'b', { depends_on: ['a'] })]);
  await nobody(rig, 'fail', { id, activityId: 's:a', details: { ...SUCCESS, reason: 'lost' } });
  return unmoved(rig, id);
}

async function copiedResult(rig) {
  const other = await ranOnce(rig);
  const id = await blocked(rig, [touch('b', 'b', { depends_on: ['a'] })]);
  await nobody(rig, 'complete', { id, activityId: 's:a', copyOf: other });
  return unmoved(rig, id);
}

/** The worker dies while it has a group of short steps, whose answer is the attacker's before the next one gives it. */
async function forgedGroup(rig) {
  const id = rig.uniqueId('genuine');
  await rig.start(id, plan(rig, id, [waiting('a', 'ran'), touch('b', 'b', { depends_on: ['a'] })]));
  await until(`${id} runs`, () => rig.lines(id, 'ran')[0] === 'x');
  await withoutWorker(rig, async () => {
    const result = { ended: [0], reports: packReports([SUCCESS], ['a'], true), begun: [] };
    await nobody(rig, 'complete', { id, activityId: 'g:a', result });
  });
  return unmoved(rig, id, 'g:a');
}

/** The task of a group that has run, handed out again by a workflow of theirs. */
async function copiedGroup(rig) {
  const genuine = await ranOnce(rig, [touch('a', 'ran'), touch('b', 'b', { depends_on: ['a'] })]);
  const id = rig.uniqueId('foreign');
  await nobody(rig, 'schedule', { id, copyOf: genuine, type: 'runSteps', activityId: 'g:a' });
  await settled(rig, id);
  return twice(rig, genuine) ?? twice(rig, genuine, 'b');
}

/** The first attempt fails; no worker is there for the second, so that the attacker has its task. */
async function takenTask(rig) {
  const id = rig.uniqueId('genuine');
  const failing = { id: 'a', command: 'echo x >> ran; exit 1', shell: true, retries: 1, retry_delay_sec: 3 };
  await rig.start(id, plan(rig, id, [failing, touch('b', 'b', { depends_on: ['a'] })]));
  await until('the first attempt has failed', async () => {
    const { raw } = await rig.client.workflow.getHandle(id).describe();
    return raw.pendingActivities?.[0]?.lastFailure;
  });
  await withoutWorker(rig, async () => {
    const { taken } = await nobody(rig, 'poll', { id, result: SUCCESS });
    if (taken !== 's:a') throw new Error('the task was not taken');
  });
  await rig.orch('watch', id).catch(() => {});
  return rig.lines(id, 'b')[0] === 'x' || rig.manifest(id).status === 'succeeded' ? 'the run went on' : undefined;
}

async function approvalOf(rig) {
  const id = rig.uniqueId('genuine');
  const ask = { id: 'ask', step_def: { type: 'approval', message: 'Deploy?' } };
  await rig.start(id, plan(rig, id, [ask, touch('deploy', 'deployed', { depends_on: ['ask'] })]));
  await until(`${id} asks`, () => rig.manifest(id)?.steps.find((step) => step.id === 'ask')?.status === 'waiting');
  return id;
}

const deployed = (rig, id) => (rig.lines(id, 'deployed')[0] === 'x' ? 'the deploy ran' : undefined);

async function signaled(rig) {
  const id = await approvalOf(rig);
  await nobody(rig, 'signal', { id, name: 'approve', args: [{ step: 'ask', by: 'ann' }] });
  return refusedVerb(rig, id);
}

/** Resolves to what it brought about, once the refusal stands in the run's events. */
async function refusedVerb(rig, id) {
  await until('the refusal stands in the events', () =>
    rig
      .record(id, 'events.ndjson')
      .split('\n')
      .some((line) => line.includes('"operator-request"') && line.includes('not signed')),
  );
  const found = deployed(rig, id);
  await release(rig, id);
  return found;
}

async function updated(rig) {
  const id = await approvalOf(rig);
  const { refused, answer } = await nobody(rig, 'update', { id, name: 'approve', args: [{ step: 'ask', by: 'ann' }] });
  await release(rig, id);
  if (answer !== undefined) return `it was accepted: ${JSON.stringify(answer)}`;
  return /not signed/.test(refused) ? deployed(rig, id) : `it was refused for another reason: ${refused}`;
}

async function copiedApproval(rig) {
  const approved = await approvalOf(rig);
  await rig.orch('approve', approved, 'ask');
  await rig.orch('watch', approved);
  const id = await approvalOf(rig);
  await nobody(rig, 'repeatSignal', { id: approved, name: 'approve', to: id });
  return refusedVerb(rig, id);
}

async function restarted(rig) {
  const id = await ranOnce(rig);
  await nobody(rig, 'restart', { id });
  await closed(rig, id);
  return twice(rig, id);
}

async function resetRun(rig) {
  const id = await ranOnce(rig);
  const { runId } = await nobody(rig, 'reset', { id });
  await until('the copy stands still', async () => {
    const { raw, status } = await rig.client.workflow.getHandle(id, runId).describe();
    return status.name !== 'RUNNING' || (raw.pendingWorkflowTask?.attempt ?? 0) > 2;
  });
  const found = twice(rig, id);
  await rig.client.workflow
    .getHandle(id, runId)
    .terminate()
    .catch(() => {});
  return found;
}
