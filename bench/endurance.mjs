// Long runs: whether a step costs the same at the end as at the start, and what a history, a replay and a worker come to.
//   node bench/endurance.mjs [--chain 10000] [--layered 10000] [--fan 2000]
//                             [--foreach 20000] [--retries 10000] [--turns 2000] [--quarantines 1000]
//                             [--kills 30] [--server-kills 60] [--history-events N] [--rest SECONDS]
//                             [--deaths 20] [--full-disk] [--reboot]
// A size of 0 leaves a shape out. With --kills the worker is killed every so many seconds, with --server-kills the server,
// both with SIGKILL and started again by `orch up`; each step must have run once.
// --deaths, --full-disk and --reboot are runs of their own, with nobody there who starts anything again (hardships.mjs).
// Exits 1 where a run fails, a step ran twice, or the last tenth took more than 1.2 times as long as the first.
import { execFile as callback } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { connectEmbedded } from '../dist/library/index.js';
import { createPayloadCodec } from '../dist/temporal/payload-codec.js';
import { workerSigning } from '../dist/service/index.js';
import { Rig } from '../test/chaos/rig.mjs';
import { deaths, fullDisk, reboot } from './hardships.mjs';
import { parentsOf, stepsBy } from './shapes.mjs';

const { values: flags } = parseArgs({
  options: {
    chain: { type: 'string', default: '10000' },
    layered: { type: 'string', default: '0' },
    fan: { type: 'string', default: '0' },
    /** Instances of one step. */
    foreach: { type: 'string', default: '0' },
    /** Failures of one step before it succeeds. */
    retries: { type: 'string', default: '0' },
    /** Turns of one agent, which a gate sends back each time, and who asks where it may not try again by itself. */
    turns: { type: 'string', default: '0' },
    /** Failures of one step that a person has tried again each time. */
    quarantines: { type: 'string', default: '0' },
    /** Seconds between two kills of the worker; 0 for none. */
    kills: { type: 'string', default: '0' },
    /** The same for the server. */
    'server-kills': { type: 'string', default: '0' },
    'history-events': { type: 'string' },
    /** How long the worker may rest after each run before its memory is measured once more. */
    rest: { type: 'string', default: '0' },
    /** How often the worker dies, and is started again by what watches it. */
    deaths: { type: 'string', default: '0' },
    'full-disk': { type: 'boolean', default: false },
    reboot: { type: 'boolean', default: false },
  },
});

/** What replays, and what makes that as it is in the embedded worker. */
const [REPLAY, THREAD] = ['replay.mjs', '../dist/service/workflow-thread.cjs'].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);

const execFile = promisify(callback);

/** How much slower the last tenth may be than the first. */
const FLAT = 1.2;
/** More than an event has. */
const LINE_BYTES = 8_192;
/** How often an agent is told what its gate found, before it asks; the most that a plan may say. */
const ROUNDS = 100;
/** Steps of a layer. */
const LAYER = 100;

/** Shapes of one step that is tried again and again, which writes when. */
const REPEATED = new Set(['retries', 'turns', 'quarantines']);
/** What shapes need beside their steps. */
const GLOBALS = { turns: withAgent, quarantines: () => ({ on_abort: 'quarantine' }) };
/** What people do in them. */
const ANSWERS = {
  turns: (id, signal) => answerAll(id, signal, 'answer', { step: 'often', text: 'once more' }),
  quarantines: (id, signal) => answerAll(id, signal, 'retry', { step: 'often' }),
};

Runtime.install({ logger: new DefaultLogger('ERROR') });
const rig = new Rig();
if (flags['history-events'] !== undefined) rig.env.ORCH_TEST_HISTORY_EVENTS = flags['history-events'];
let wrong = false;
try {
  if (Number(flags.deaths) > 0) tell(await deaths(Number(flags.deaths)));
  if (flags['full-disk']) tell(await fullDisk());
  if (flags.reboot) tell(await reboot());
  await rig.orch('up');
  for (const shape of ['chain', 'layered', 'fan', 'foreach', 'retries', 'turns', 'quarantines']) {
    const size = Number(flags[shape]);
    if (size > 0) await endure(shape, size);
  }
} finally {
  await rig.close();
}
process.exitCode = wrong ? 1 : 0;

function tell({ line, well }) {
  process.stdout.write(`${line}\n`);
  if (!well) wrong = true;
}

async function endure(shape, size) {
  const id = `${shape}-${size}`;
  const killed = { worker: Number(flags.kills), server: Number(flags['server-kills']) };
  const anyKills = killed.worker + killed.server > 0;
  const kills = [];
  const log = path.join(rig.folder(id), 'effects');
  const peak = { mb: 0 };
  await rig.start(id, {
    plan_id: shape,
    version: '1.0',
    globals: { default_timeout_sec: 'none', ...GLOBALS[shape]?.(rig.folder(id)) },
    steps: stepsOf(shape, size, anyKills || REPEATED.has(shape) ? log : undefined),
  });
  const began = performance.now();
  const stop = new AbortController();
  const answering = ANSWERS[shape]?.(id, stop.signal);
  const killers = Object.entries(killed).filter(([, seconds]) => seconds > 0);
  const killing = killers.map(([who, seconds]) => killEvery(seconds, who, kills, stop.signal));
  const side = Promise.all([watchMemory(peak, stop.signal), answering, ...killing]);
  const status = await ended(id);
  const seconds = (performance.now() - began) / 1000;
  stop.abort();
  await side.catch((error) => {
    if (error.name !== 'AbortError') throw error;
  });
  const events = rig
    .record(id, 'events.ndjson')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ends = REPEATED.has(shape) ? triesOf(log).slice(0, size) : endsOf(shape, events);
  const tenth = Math.floor(ends.length / 10);
  const first = (ends[tenth] - ends[0]) / tenth;
  const last = (ends.at(-1) - ends.at(-1 - tenth)) / tenth;
  const histories = await measure(id);
  const ratio = last / first;
  const rows = [
    `${id}: ${status} in ${seconds.toFixed(0)} s, ${((seconds * 1000) / size).toFixed(1)} ms a step`,
    `  the last tenth takes ${last.toFixed(1)} ms a step, the first ${first.toFixed(1)} ms: ${ratio.toFixed(2)}`,
    `  ${histories.count} histories of at most ${histories.events} events and ${(histories.bytes / 1e6).toFixed(1)} MB; the slowest replay of those that may be it takes ${histories.replayMs} ms`,
    `  the worker needs ${peak.mb} MB at its peak, and ${await memoryAfter(Number(flags.rest))} after the run`,
  ];
  if (anyKills) rows.push(`  ${recoveries(kills, ends)}`);
  process.stdout.write(`${rows.join('\n')}\n`);
  if (status !== 'succeeded' || ends.length !== size || (!anyKills && ratio > FLAT)) wrong = true;
  if (anyKills && !REPEATED.has(shape)) checkOnce(id, log, size);
}

/** How long it took after each kill until a step ended again. */
function recoveries(kills, ends) {
  const found = { worker: [], server: [] };
  for (const { who, at } of kills) {
    const next = ends.find((end) => end > at);
    if (next !== undefined) found[who].push((next - at) / 1000);
  }
  const told = Object.entries(found).filter(([, seconds]) => seconds.length > 0);
  const texts = told.map(([who, seconds]) => {
    const sorted = seconds.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return `the ${who} was killed ${sorted.length} times; the next step ended after ${median.toFixed(1)} s (median), ${sorted.at(-1).toFixed(1)} s at most`;
  });
  return texts.join('\n  ');
}

/** When the steps ended, or the instances of the one. */
function endsOf(shape, events) {
  const counts = ({ type, instance }) => type === 'step-succeeded' && (shape !== 'foreach' || instance !== undefined);
  return events.filter(counts).map(({ time }) => Date.parse(time));
}

/** When a step was tried: the record keeps the last tries only. */
function triesOf(log) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').map(Number);
}

function stepsOf(shape, size, log) {
  if (shape === 'foreach') return [{ id: 'each', foreach: Array.from({ length: size }, (_, i) => i), command: 'true' }];
  if (REPEATED.has(shape)) {
    const script = `date +%s%3N >> ${log}; [ $(wc -l < ${log}) -gt ${size} ]`;
    if (shape === 'retries') return [{ id: 'often', command: script, shell: true, retries: size, retry_delay_sec: 0 }];
    if (shape === 'quarantines') return [{ id: 'often', command: script, shell: true, on_failure: 'abort' }];
    const verify = [{ run: script }];
    return [{ id: 'often', step_def: { type: 'agent', agent: 'codex', prompt: 'x', verify, max_fix_rounds: ROUNDS } }];
  }
  const work = (i) => (log === undefined ? { command: 'true' } : { command: `echo s${i} >> ${log}`, shell: true });
  return stepsBy(size, (i) => parentsOf(shape, i, LAYER), work);
}

/** Answers an agent that asks, or has a step of a quarantined run tried again, each time. */
async function answerAll(id, signal, verb, what) {
  const client = await connectEmbedded({ env: rig.env, start: false });
  try {
    for (;;) {
      await sleep(50, undefined, { signal });
      await client.steer(id, verb, what).catch(refused); // where there is nothing to answer yet
    }
  } finally {
    await client.close();
  }
}

function refused(error) {
  if (!['refused', 'run_closed', 'no_worker'].includes(error.code)) throw error;
}

/** An agent that needs no account and no time: it says what codex says where it is done. */
function withAgent(folder) {
  const events = [
    { type: 'thread.started', thread_id: 'th_1' },
    { type: 'turn.started' },
    { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'done' } },
    { type: 'turn.completed', usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1 } },
  ];
  const lines = events.map((event) => `echo '${JSON.stringify(event)}'`);
  writeFileSync(path.join(folder, 'codex'), ['#!/bin/sh', 'cat > /dev/null', ...lines, ''].join('\n'), { mode: 0o755 });
  return { cwd: folder, env: { PATH: `${folder}${path.delimiter}${process.env.PATH}` } };
}

async function ended(id) {
  while (!lastLine(id).includes('"type":"run-finished"')) await sleep(2000);
  // The whole record is written a moment after its last event.
  for (;;) {
    const status = rig.manifest(id)?.status;
    if (['succeeded', 'failed', 'canceled', 'terminated'].includes(status)) return status;
    await sleep(2000);
  }
}

/** Of the events; all of them are megabytes, and this is to cost the run nothing. */
function lastLine(id) {
  let file;
  try {
    file = openSync(path.join(rig.state, 'runs', id, 'events.ndjson'), 'r');
    const { size } = fstatSync(file);
    const end = Buffer.alloc(Math.min(size, LINE_BYTES));
    readSync(file, end, 0, end.length, size - end.length);
    return end.toString().trimEnd().split('\n').at(-1);
  } catch {
    return ''; // it is not there yet
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function killEvery(seconds, who, kills, signal) {
  for (;;) {
    await sleep(seconds * 1000, undefined, { signal });
    kills.push({ who, at: Date.now() });
    await rig.kill9(who);
    await upAgain();
  }
}

/** Fails where the other one is killed while it starts. */
async function upAgain() {
  for (let tries = 1; ; tries += 1) {
    try {
      await rig.orch('up');
      return;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

async function watchMemory(peak, signal) {
  for (;;) {
    await sleep(500, undefined, { signal });
    peak.mb = Math.max(peak.mb, memoryMb());
  }
}

function memoryMb() {
  try {
    const status = readFileSync(`/proc/${rig.service().worker.pid}/status`, 'utf8');
    return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)[1]) / 1000);
  } catch {
    return 0; // it has just been killed
  }
}

async function memoryAfter(seconds) {
  const before = `${memoryMb()} MB`;
  if (seconds === 0) return before;
  await sleep(seconds * 1000);
  return `${before} right after and ${memoryMb()} MB ${seconds} s`;
}

/**
 * The histories of a run: how many, and what the largest come to. A worker of its own replays those that may take longest: that of
 * most events, that of most bytes, the first, which has the plan checked, the last, which says what all steps have come to, and
 * the one before it.
 */
async function measure(id) {
  const { address } = rig.service().server;
  const signing = workerSigning(rig.state);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, dataConverter: { payloadCodecs: [createPayloadCodec(signing.key)] } });
  const found = { count: 0, events: 0, bytes: 0, replayMs: 0 };
  try {
    const all = [];
    for await (const { runId, historyLength, startTime } of client.workflow.list({ query: `WorkflowId = '${id}'` })) {
      const { raw } = await client.workflow.getHandle(id, runId).describe();
      const bytes = Number(raw.workflowExecutionInfo.historySizeBytes ?? 0);
      all.push({ runId, startTime, events: historyLength, bytes });
    }
    const most = (what) => all.toSorted((a, b) => a[what] - b[what]).at(-1);
    const inOrder = all.toSorted((a, b) => a.startTime - b.startTime);
    Object.assign(found, { count: all.length, events: most('events').events, bytes: most('bytes').bytes });
    const slow = [most('events'), most('bytes'), inOrder[0], ...inOrder.slice(-2)];
    for (const runId of new Set(slow.map((each) => each.runId))) {
      const replay = ['--require', THREAD, REPLAY, rig.state, id, runId];
      found.replayMs = Math.max(found.replayMs, Number((await execFile(process.execPath, replay)).stdout));
    }
  } finally {
    await connection.close();
  }
  return found;
}

function checkOnce(id, log, size) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  const twice = lines.length - new Set(lines).size;
  if (lines.length === size && twice === 0) return;
  process.stdout.write(`  ${lines.length} side effects, ${twice} of them doubled\n`);
  wrong = true;
}
