import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrchError } from '../../client/errors.js';
import type { OrchClient } from '../../client/orch-client.js';
import { noRecord } from '../../client/unbegun.js';
import type { Manifest } from '../../journal/index.js';
import { suggest } from '../../plan/problems/suggest.js';
import { splitInstanceName } from '../../plan/templates/item-label.js';
import { runDir, stateDir } from '../../records/paths.js';
import type { StreamName } from '../../records/stream-times.js';
import { attemptsOf, stepsWithLogs } from '../../records/streams.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { jsonOutput, prefixedOutput, rawOutput, timedOutput, type Output, type Source } from '../logs/output.js';
import { createPrinter } from '../logs/printer.js';
import { watchEnd, type EndWatch } from '../logs/run-end.js';

interface LogFlags {
  follow?: boolean;
  attempt?: string;
  stdout?: boolean;
  stderr?: boolean;
  json?: boolean;
  timestamps?: boolean;
}

/** Milliseconds between two looks at the files. Watching folders is not the same on all systems, and not over networks. */
const POLL_MS = 150;

/** `orch logs RUN [STEP]`: what steps have printed, from the files; the service is asked only where they do not say. */
export async function logs(
  context: CliContext,
  runId: string,
  step: string | undefined,
  flags: LogFlags,
): Promise<number> {
  const attempt = readAttempt(flags, step);
  const state = stateDir(context.env);
  const folder = runDir(state, runId);
  const clients = lazyClient(context);
  try {
    if (!existsSync(folder)) await requireRun(clients.get, runId, flags.follow === true, folder);
    const end = watchEnd(folder, runId, clients.maybe);
    const chosen = await chooseSteps(state, runId, step, end, flags);
    const printer = createPrinter({
      stateDir: state,
      runId,
      streams: readStreams(flags),
      attempt: attempt ?? (step === undefined || chosen.many ? 'all' : 'last'),
      output: (source) => outputFor(context, source, flags, step !== undefined && !chosen.many),
    });
    if (attempt !== undefined && !flags.follow) await requireAttempt(state, runId, step!, attempt);
    await untilReaderGoes(context, async () => {
      for (let over = false; !over; over || (await sleep(POLL_MS))) {
        // Asked before reading: what was written before the end is read then.
        over = !flags.follow || (await end.ended(step));
        await printer.print(await chosen.steps(), over);
      }
    });
    if (!flags.json && !printer.printed()) context.note(`${step ?? runId} has printed nothing\n`);
    return EXIT.succeeded;
  } finally {
    await clients.close();
  }
}

function readAttempt({ attempt }: LogFlags, step: string | undefined): number | undefined {
  if (attempt === undefined) return undefined;
  const number = Number(attempt);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--attempt ${attempt}: give a whole number above 0`);
  if (step === undefined) throw new UsageError('--attempt needs a step', 'use orch logs RUN STEP --attempt N');
  return number;
}

function readStreams({ stdout, stderr }: LogFlags): StreamName[] {
  const chosen: StreamName[] = [...(stdout ? ['stdout' as const] : []), ...(stderr ? ['stderr' as const] : [])];
  return chosen.length === 0 ? ['stdout', 'stderr'] : chosen;
}

function outputFor(context: CliContext, source: Source, flags: LogFlags, raw: boolean): Output {
  if (flags.json) return jsonOutput(context, source);
  if (!raw) return prefixedOutput(context, source, flags.timestamps === true);
  return flags.timestamps ? timedOutput(context, source.stream) : rawOutput(context, source.stream);
}

/** A run without a folder here may be one that has just begun, one that ran elsewhere, or none. */
async function requireRun(
  client: () => Promise<OrchClient>,
  runId: string,
  follow: boolean,
  folder: string,
): Promise<void> {
  const run = await (await client()).describe(runId);
  if (follow && run.status === 'running') return;
  if (run.progress === undefined && !run.stale) throw noRecord(runId);
  throw new OrchError('no_logs', `The run '${runId}' has no logs on this machine (${folder} does not exist)`, {
    hint: 'look on the host of its worker; logs that were pruned are gone',
  });
}

/** The steps whose logs are wanted: one, the instances of a `foreach`, or all, those that started first in front. */
async function chooseSteps(
  state: string,
  runId: string,
  step: string | undefined,
  end: EndWatch,
  flags: LogFlags,
): Promise<{ many: boolean; steps: () => Promise<string[]> }> {
  if (step === undefined) {
    return { many: true, steps: async () => inOrder(await stepsWithLogs(state, runId), await end.manifest()) };
  }
  const manifest = await end.manifest();
  const byItem = instanceByItem(manifest, step);
  if (byItem !== undefined) return { many: false, steps: async () => [byItem] };
  const withLogs = await stepsWithLogs(state, runId);
  const known = manifest?.steps.find(({ id }) => id === step);
  const own = withLogs.includes(step);
  const instances = withLogs.filter((id) => id.startsWith(`${step}[`));
  if (known === undefined && !own && instances.length === 0 && !isInstance(manifest, step)) {
    throw unknownStep(runId, step, [...(manifest?.steps.map(({ id }) => id) ?? []), ...withLogs]);
  }
  if (!own && instances.length === 0 && !flags.follow) {
    throw new OrchError('no_logs', `Step '${step}' of '${runId}' has no logs (${known?.status ?? 'not started'})`, {
      hint: `\`orch explain ${runId} ${step}\` says why`,
    });
  }
  if (known !== undefined && known.instances !== null) {
    return {
      many: true,
      steps: async () => (await stepsWithLogs(state, runId)).filter((id) => id.startsWith(`${step}[`)).sort(byNumber),
    };
  }
  return { many: false, steps: async () => [step] };
}

function inOrder(steps: readonly string[], manifest: Manifest | undefined): string[] {
  const started = new Map(manifest?.steps.map(({ id, started_at }) => [id, started_at ?? '~']));
  const key = (id: string): string => started.get(id.replace(/\[\d+\]$/, '')) ?? '~';
  return [...steps].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : byNumber(a, b)));
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** The instance of a `foreach` whose item is named, as in `extract[orders]`. */
function instanceByItem(manifest: Manifest | undefined, name: string): string | undefined {
  const named = splitInstanceName(name);
  const instances = manifest?.steps.find(({ id }) => id === named?.step)?.instances ?? [];
  const found = instances.filter(({ item }) => item === named?.item);
  return found.length === 1 ? `${named!.step}[${found[0]!.index}]` : undefined;
}

function isInstance(manifest: Manifest | undefined, step: string): boolean {
  const owner = /^(.*)\[\d+\]$/.exec(step)?.[1];
  return manifest?.steps.some(({ id, instances }) => id === owner && instances !== null) === true;
}

function unknownStep(runId: string, step: string, ids: readonly string[]): OrchError {
  const near = suggest(step, ids);
  return new OrchError('step_not_found', `The run '${runId}' has no step '${step}'`, {
    hint: near === undefined ? `\`orch status ${runId}\` shows its steps` : `did you mean '${near}'?`,
  });
}

async function requireAttempt(state: string, runId: string, step: string, attempt: number): Promise<void> {
  const all = await attemptsOf(state, runId, step);
  if (all.includes(attempt)) return;
  throw new OrchError('attempt_not_found', `Step '${step}' of '${runId}' has no attempt ${attempt} here`, {
    hint: all.length === 0 ? 'it has none' : `it has ${all.join(', ')}`,
  });
}

/** Connects when somebody asks, once. */
function lazyClient(context: CliContext): {
  get: () => Promise<OrchClient>;
  maybe: () => Promise<OrchClient | undefined>;
  close: () => Promise<void>;
} {
  let client: OrchClient | undefined;
  const get = async (): Promise<OrchClient> => (client ??= await connect(context, false));
  return {
    get,
    maybe: () => get().catch(() => undefined),
    close: async () => client?.close(),
  };
}

/** What writing fails with once the reader has gone, as `orch logs … | head` makes it. */
const GONE = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Without a listener the process would crash; the writing itself fails, too. */
const ignore = (): void => {};

/** Runs `print` to its end, or until its reader has gone. */
async function untilReaderGoes({ raw: { stdout } }: CliContext, print: () => Promise<void>): Promise<void> {
  stdout.on('error', ignore);
  try {
    await print();
  } catch (error) {
    if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    stdout.off('error', ignore);
  }
}
