import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OrchClient } from '../../client/orch-client.js';
import { OrchError } from '../../client/errors.js';
import type { StartedLoop } from '../../client/loop-types.js';
import type { LoopClient } from '../../client/loops.js';
import { importState, type LoopState } from '../../loop/index.js';
import { connect, settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { loadLoop, loopIdOf, type LoadedLoop, type LoopFlags } from '../loop/config.js';
import { followLoop } from '../loop/follow.js';
import { oneLine } from '../render/format.js';

export interface StartLoopFlags extends LoopFlags {
  id?: string;
  fresh?: boolean;
  detach?: boolean;
  json?: boolean;
}

/** `orch loop [CONFIG]`: starts a loop, or goes on with the one that has ended, and follows it. */
export async function loop(context: CliContext, file: string | undefined, flags: StartLoopFlags): Promise<number> {
  const loaded = await loadLoop(context, file, flags, settingsOf(context) === undefined);
  const id = flags.id ?? loopIdOf(loaded.file);
  const client = await connect(context, true);
  try {
    const begun = await begin(context, client.loops(), id, loaded, flags);
    if (begun === undefined) return EXIT.succeeded;
    return await afterStart(context, client, begun, flags);
  } finally {
    await client.close();
  }
}

/** `orch loop import-state FILE [CONFIG]`: starts a loop where an older run stands. */
export async function importLoop(
  context: CliContext,
  stateFile: string,
  file: string | undefined,
  flags: StartLoopFlags,
): Promise<number> {
  const loaded = await loadLoop(context, file, flags, settingsOf(context) === undefined);
  const given = { file: path.resolve(context.cwd, stateFile), name: stateFile };
  const state = readState(given, loaded);
  if (asksToStop(context, given)) return EXIT.succeeded;
  const id = flags.id ?? loopIdOf(loaded.file);
  const client = await connect(context, true);
  try {
    const started = await client.loops().start(id, { ...loaded, state });
    context.note(`taken over from ${stateFile}: iteration ${state.iteration}, ${state.role} is next\n`);
    return await afterStart(context, client, started, { ...flags, detach: true });
  } finally {
    await client.close();
  }
}

/** Starts what is to be started. @returns undefined where the state file says that nothing is */
async function begin(
  context: CliContext,
  loops: LoopClient,
  id: string,
  loaded: LoadedLoop,
  flags: StartLoopFlags,
): Promise<StartedLoop | undefined> {
  const found = await loops.find(id);
  if (found === 'open') {
    throw new OrchError('run_exists', `The loop '${id}' is already running`, {
      hint: `\`orch loop watch ${id}\` follows it, \`orch loop stop ${id}\` ends it`,
    });
  }
  const { state_file: name } = loaded.config;
  const file = name === undefined ? undefined : path.resolve(loaded.baseDir, name);
  const there = flags.fresh || file === undefined || !existsSync(file) ? undefined : { file, name: name! };
  if (there !== undefined && asksToStop(context, there)) return undefined;
  if (found === 'closed' && !flags.fresh) {
    const resumed = await loops.resumeEnded(id, { more: loaded.config.max_iterations, now: loaded });
    context.note(`continues at iteration ${resumed.state.iteration}, ${resumed.state.role}\n`);
    return resumed;
  }
  if (there === undefined) return loops.start(id, loaded);
  const state = readState(there, loaded);
  context.note(`taken over from ${there.name}: iteration ${state.iteration}, ${state.role} is next\n`);
  return loops.start(id, { ...loaded, state });
}

interface StateFile {
  /** Absolute. */
  file: string;
  /** As it was given. */
  name: string;
}

/** A file that asks the loop to stop keeps it from starting, and that is no failure. */
function asksToStop(context: CliContext, { file, name }: StateFile): boolean {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return false; // whoever wants to know where it stands will say so
  }
  const { exit, exit_reason: reason } = (state ?? {}) as Record<string, unknown>;
  if (exit !== true) return false;
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  context.note(`${oneLine(`${name} asks the loop to stop${why}`)}\n  hint: remove \`exit\` from it to continue\n`);
  return true;
}

/** Where an older run stands. @throws UsageError for a file that is corrupt */
function readState({ file, name }: StateFile, { config }: LoadedLoop): LoopState {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
  const imported = importState(text, config);
  if (imported.ok) return imported.value.state;
  const hint = 'correct the file or remove it; `orch loop --fresh` starts at the first iteration without it';
  throw new UsageError(`${name} is corrupt: ${imported.error.message}`, hint);
}

async function afterStart(
  context: CliContext,
  client: OrchClient,
  started: StartedLoop,
  { detach, json }: { detach?: boolean; json?: boolean },
): Promise<number> {
  const { loop_id, web_ui } = started;
  if (detach) {
    const shown = { loop_id, ...(web_ui === undefined ? {} : { web_ui }) };
    if (json) context.out(`${JSON.stringify(shown, null, 2)}\n`);
    else {
      context.out(`${loop_id}\n`);
      if (web_ui !== undefined) context.note(`${context.colors.dim(web_ui)}\n`);
    }
    return EXIT.succeeded;
  }
  context.note(`loop ${context.colors.bold(loop_id)}\n`);
  if (web_ui !== undefined) context.note(`${context.colors.dim(web_ui)}\n`);
  return followLoop(context, client.loops(), loop_id, { json: json === true });
}
