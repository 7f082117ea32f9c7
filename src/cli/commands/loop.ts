import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OrchClient } from '../../client/orch-client.js';
import { OrchError } from '../../client/errors.js';
import { runGit } from '../../agents/index.js';
import type { StartedLoop } from '../../client/loop-types.js';
import type { LoopClient } from '../../client/loops.js';
import { asksToExit, importState, isAhead, loopIdentity, turnsBefore, type LoopState } from '../../loop/index.js';
import { connect, settingsOf } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { loadLoop, type LoadedLoop, type LoopFlags } from '../loop/config.js';
import { followLoop } from '../loop/follow.js';
import { ownLoopId } from '../loop/loop-id.js';
import { oneLine } from '../render/format.js';
import { defined } from '../../basics/defined.js';

export interface StartLoopFlags extends LoopFlags {
  id?: string;
  fresh?: boolean;
  detach?: boolean;
  agentExitCode?: boolean;
  json?: boolean;
}

/** `orch loop [CONFIG]`: starts a loop, or goes on with the one that has ended, and follows it. */
export async function loop(context: CliContext, file: string | undefined, flags: StartLoopFlags): Promise<number> {
  const loaded = await loadLoop(context, file, flags, settingsOf(context) === undefined);
  await refuseOtherBranch(loaded);
  const client = await connect(context, true);
  try {
    const id = flags.id ?? (await ownLoopId(client.loops(), loaded.file, loaded.config.git));
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
  const client = await connect(context, true);
  try {
    const id = flags.id ?? (await ownLoopId(client.loops(), loaded.file, loaded.config.git));
    const started = await client.loops().start(id, { ...loaded, state, claims: true });
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
    const at = there === undefined ? undefined : await furtherState(loops, id, there, loaded);
    const more = loaded.config.max_iterations;
    const resumed = await loops.resumeEnded(id, { more, now: loaded, ...defined({ at }) });
    const why = at === undefined ? '' : `, where ${there!.name} stands: it is further than this loop was`;
    context.note(`continues at iteration ${resumed.state.iteration}, ${resumed.state.role}${why}\n`);
    return resumed;
  }
  if (there === undefined) return loops.start(id, { ...loaded, claims: flags.fresh === true });
  const state = readState(there, loaded);
  context.note(`taken over from ${there.name}: iteration ${state.iteration}, ${state.role} is next\n`);
  return loops.start(id, { ...loaded, state });
}

/** Where a state file stands that another loop has written, here or on another machine, if that is further. */
async function furtherState(
  loops: LoopClient,
  id: string,
  { file }: StateFile,
  { config }: LoadedLoop,
): Promise<LoopState | undefined> {
  const imported = importState(readFileSync(file, 'utf8'), config);
  if (!imported.ok) return undefined; // the loop knows itself where it stands
  const { carried } = await loops.input(id);
  const own = { loop: loopIdentity(id, carried.began_at), turns: turnsBefore(carried.state) };
  return isAhead(imported.value.source, own) === undefined ? undefined : imported.value.state;
}

/** Said before anything starts, as well as by each turn. @throws UsageError */
async function refuseOtherBranch({ baseDir, config: { branch } }: LoadedLoop): Promise<void> {
  if (branch === undefined) return;
  const { stdout } = await runGit(baseDir, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  if (stdout.trim() === branch) return;
  const on = stdout.trim() === '' ? 'no branch' : `the branch ${stdout.trim()}`;
  throw new UsageError(`${baseDir} is on ${on}, and the loop works on ${branch} only`, `git switch ${branch}`);
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
  if (asksToExit(exit) !== true) return false;
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
  { detach, json, agentExitCode }: StartLoopFlags,
): Promise<number> {
  const { loop_id, web_ui } = started;
  if (detach) {
    const shown = { loop_id, ...defined({ web_ui }) };
    if (json) context.out(`${JSON.stringify(shown, null, 2)}\n`);
    else {
      context.out(`${loop_id}\n`);
      if (web_ui !== undefined) context.note(`${context.colors.dim(web_ui)}\n`);
    }
    return EXIT.succeeded;
  }
  context.note(`loop ${context.colors.bold(loop_id)}\n`);
  if (web_ui !== undefined) context.note(`${context.colors.dim(web_ui)}\n`);
  return followLoop(context, client.loops(), loop_id, {
    json: json === true,
    agentExitCode: agentExitCode === true,
  });
}
