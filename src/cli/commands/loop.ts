import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OrchClient } from '../../client/orch-client.js';
import { OrchError } from '../../client/errors.js';
import type { LoopClient, StartedLoop } from '../../client/loops.js';
import { importState, type LoopState } from '../../loop/index.js';
import { connect, settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { loadLoop, loopIdOf, type LoadedLoop, type LoopFlags } from '../loop-config.js';
import { followLoop } from '../loop-follow.js';

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
  const state = readState(context, path.resolve(context.cwd, stateFile), stateFile, loaded);
  if (state === undefined) return EXIT.succeeded;
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
    throw new OrchError('run_exists', `The loop '${id}' is running already`, {
      hint: `\`orch loop watch ${id}\` follows it, \`orch loop stop ${id}\` ends it`,
    });
  }
  if (found === 'closed' && !flags.fresh) {
    const resumed = await loops.resumeEnded(id, { more: loaded.config.max_iterations, now: loaded });
    context.note(`goes on at iteration ${resumed.state.iteration}, ${resumed.state.role}\n`);
    return resumed;
  }
  const { state_file: name } = loaded.config;
  const file = name === undefined ? undefined : path.resolve(loaded.baseDir, name);
  if (flags.fresh || file === undefined || !existsSync(file)) return loops.start(id, loaded);
  const state = readState(context, file, name!, loaded);
  if (state === undefined) return undefined;
  context.note(`taken over from ${name}: iteration ${state.iteration}, ${state.role} is next\n`);
  return loops.start(id, { ...loaded, state });
}

/** Where an older run stands; undefined where its file asks to stop. @throws UsageError for one that is corrupt */
function readState(context: CliContext, file: string, name: string, { config }: LoadedLoop): LoopState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
  const imported = importState(text, config);
  if (!imported.ok) {
    const hint = 'correct the file or remove it; `orch loop --fresh` begins at the first iteration without it';
    throw new UsageError(`${name} is corrupt: ${imported.error.message}`, hint);
  }
  const { state, exit } = imported.value;
  if (exit === undefined) return state;
  context.note(`${name} asks the loop to stop: ${exit}\n  hint: remove \`exit\` from it to go on\n`);
  return undefined;
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
