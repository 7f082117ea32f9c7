import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OrchError } from '../../client/errors.js';
import type { LoopSummary } from '../../client/loop-types.js';
import type { LoopClient } from '../../client/loops.js';
import { stateFields, writeState } from '../../loop/index.js';
import type { LoopVerb, LoopVerbInput } from '../../contract/loop-messages.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { findLoopFile } from '../loop/config.js';
import { followLoop, showLoop } from '../loop/follow.js';
import { meantLoopId } from '../loop/loop-id.js';
import { duration } from '../render/format.js';
import { table } from '../render/table.js';
import { isoTime } from '../render/run-json.js';
import { replaceFileSync } from '../../host/atomic-file.js';
import { isMissing } from '../../host/errno.js';
import { defined } from '../../basics/defined.js';

interface Flags {
  json?: boolean;
  by?: string;
}

/** `orch loop status [LOOP]`. Exits 0 whenever it could answer. */
export function status(context: CliContext, loopId: string | undefined, flags: Flags): Promise<number> {
  return withLoop(context, loopId, false, (loops, id) => showLoop(context, loops, id, flags));
}

/** `orch loop list`. */
export async function list(context: CliContext, flags: { limit: string; json?: boolean }): Promise<number> {
  const limit = wholeNumber('--limit', flags.limit);
  const client = await connect(context, false);
  try {
    const loops = await client.loops().list(limit);
    if (flags.json) context.out(`${JSON.stringify(loops.map(loopJson), null, 2)}\n`);
    else if (loops.length === 0) context.note('no loops\n');
    else context.out(`${table([['LOOP', 'STATUS', 'STARTED', 'TOOK', 'FOLDER'], ...loops.map(loopRow)])}\n`);
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function loopJson({ started_at, finished_at, folder, ...loop }: LoopSummary): object {
  return { ...loop, folder: folder ?? null, started_at: isoTime(started_at), finished_at: isoTime(finished_at) };
}

function loopRow({ loop_id, service_status, started_at, finished_at, folder }: LoopSummary): string[] {
  const took = duration((finished_at ?? Date.now()) - started_at);
  return [loop_id, service_status, isoTime(started_at) ?? '', took, folder ?? ''];
}

/** `orch loop watch [LOOP]`: follows it to its end. */
export function watch(context: CliContext, loopId: string | undefined, flags: Flags): Promise<number> {
  return withLoop(context, loopId, false, (loops, id) => followLoop(context, loops, id, { json: flags.json === true }));
}

/** `orch loop stop [LOOP]`. */
export function stop(
  context: CliContext,
  loopId: string | undefined,
  flags: Flags & { reason?: string; now?: boolean },
): Promise<number> {
  const input = {
    ...defined({ reason: flags.reason }),
    ...(flags.now ? { now: true } : {}),
  };
  const text = flags.now ? 'the current turn is being stopped' : 'it ends after the current turn';
  return steer(context, loopId, 'stop', input, flags, (id) => `${id}: stop requested; ${text}`);
}

/** `orch loop pause [LOOP]`. */
export function pause(context: CliContext, loopId: string | undefined, flags: Flags): Promise<number> {
  return steer(
    context,
    loopId,
    'pause',
    {},
    flags,
    (id) => `${id}: paused; the current turn continues, no further one starts`,
  );
}

/** `orch loop resume [LOOP]`: goes on after a pause, and with a loop that has ended where it ended. */
export function resume(
  context: CliContext,
  loopId: string | undefined,
  flags: Flags & { maxIterations?: string },
): Promise<number> {
  const more = flags.maxIterations === undefined ? {} : { more: wholeNumber('--max-iterations', flags.maxIterations) };
  return withLoop(context, loopId, true, async (loops, id) => {
    if ((await loops.find(id)) === 'open') {
      await loops.steer(id, 'resume', sender(flags));
      answer(context, flags, { loop_id: id, resumed: true }, `${id}: continues`);
      return EXIT.succeeded;
    }
    const { state, web_ui } = await loops.resumeEnded(id, more);
    const shown = {
      loop_id: id,
      resumed: true,
      iteration: state.iteration,
      role: state.role,
      ...(web_ui && { web_ui }),
    };
    const what = state.phase === 'publish' ? ', whose work is published without running it again' : '';
    answer(context, flags, shown, `${id}: continues at iteration ${state.iteration}, ${state.role}${what}`);
    return EXIT.succeeded;
  });
}

/** `orch loop export-state [LOOP] [--out FILE]`: where it stands, as a state file has it. */
export function exportState(context: CliContext, loopId: string | undefined, flags: { out?: string }): Promise<number> {
  return withLoop(context, loopId, false, async (loops, id) => {
    const { config, carried } = await loops.input(id);
    const file = flags.out === undefined ? undefined : path.resolve(context.cwd, flags.out);
    const fields = stateFields(config, carried.state, 'idle');
    const text = writeState(fields, { now: new Date(), commits: {} }, file === undefined ? {} : fieldsOf(file));
    if (file === undefined) context.out(text);
    else {
      replaceFileSync(file, text, 0o666);
      context.note(`wrote ${flags.out}\n`);
    }
    return EXIT.succeeded;
  });
}

function steer(
  context: CliContext,
  loopId: string | undefined,
  verb: LoopVerb,
  input: LoopVerbInput,
  flags: Flags,
  text: (id: string) => string,
): Promise<number> {
  return withLoop(context, loopId, false, async (loops, id) => {
    const view = await loops.steer(id, verb, { ...sender(flags), ...input });
    answer(context, flags, { loop_id: id, status: view.status }, text(id));
    return EXIT.succeeded;
  });
}

/** Without an id the loop of this folder's configuration is meant. */
async function withLoop(
  context: CliContext,
  given: string | undefined,
  startService: boolean,
  act: (loops: LoopClient, id: string) => Promise<number>,
): Promise<number> {
  const file = given === undefined ? findLoopFile(context, undefined) : '';
  const client = await connect(context, startService);
  let id = given ?? '';
  try {
    id = given ?? (await meantLoopId(context, client.loops(), file));
    return await act(client.loops(), id);
  } catch (error) {
    if (!(error instanceof OrchError) || error.code !== 'run_not_found' || given !== undefined) throw error;
    throw new OrchError('run_not_found', `The loop of this folder ('${id}') was never started here`, {
      hint: '`orch loop` starts it; one that was started with --id needs that id',
    });
  } finally {
    await client.close();
  }
}

function answer(context: CliContext, { json }: Flags, shown: object, text: string): void {
  if (json) context.out(`${JSON.stringify(shown, null, 2)}\n`);
  else context.note(`${text}\n`);
}

function sender({ by }: Flags): { by?: string } {
  return defined({ by });
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new UsageError(`${option} ${text}: give a whole number above 0`);
}

function fieldsOf(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch (error) {
    if (isMissing(error)) return {};
    throw new UsageError(`${file}: it exists and is not JSON; it is not overwritten`);
  }
}
