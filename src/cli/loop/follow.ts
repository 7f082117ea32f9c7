import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrchError } from '../../client/errors.js';
import type { OrchClient } from '../../client/orch-client.js';
import type { LoopDescription } from '../../client/loop-types.js';
import type { LoopClient } from '../../client/loops.js';
import type { LoopEnd } from '../../contract/loop-messages.js';
import { EXIT, type CliContext } from '../context.js';
import { loopSummary, nowLine, turnLine } from '../render/loop.js';

/** Milliseconds between two looks. */
const LOOK_MS = 300;
/** What to do where nobody serves a loop. */
const NO_WORKER = '`orch up` or `orch worker` starts one, for roles `orch loop worker --role ROLE`';

/** Shows a loop where the id of a run was asked for; anything else that is wrong stays as it is. */
export async function orLoop(
  client: OrchClient,
  id: string,
  show: () => Promise<number>,
  instead: (loops: LoopClient) => Promise<number>,
): Promise<number> {
  try {
    return await show();
  } catch (error) {
    const mayBe = error instanceof OrchError && error.code === 'run_not_found';
    if (!mayBe || (await client.loops().find(id)) === undefined) throw error;
    return instead(client.loops());
  }
}

/** Where a loop stands, and its last turns. */
export async function showLoop(
  context: CliContext,
  loops: LoopClient,
  id: string,
  { json }: { json?: boolean },
): Promise<number> {
  const described = await loops.describe(id);
  const turns = described.view === undefined ? [] : await loops.turns(id);
  if (json) context.out(`${JSON.stringify({ ...described, recent_turns: turns }, null, 2)}\n`);
  else {
    const { view, web_ui } = described;
    const head =
      view === undefined
        ? `${id} ${described.service_status}: no worker answers; ${NO_WORKER}\n`
        : loopSummary(context.outColors, view);
    const now = nowLine(described);
    context.out(`${head}${now === '' ? '' : `  ${now}\n`}${web_ui === undefined ? '' : `  Web UI  ${web_ui}\n`}`);
    for (const turn of turns.slice(-10)) context.out(`  ${turnLine(context.outColors, turn)}`);
  }
  return EXIT.succeeded;
}

/** Follows a loop to its end, or until Ctrl-C, which ends the following only. */
export async function followLoop(
  context: CliContext,
  loops: LoopClient,
  loopId: string,
  { json, agentExitCode = false }: { json: boolean; agentExitCode?: boolean },
): Promise<number> {
  const leave = new AbortController();
  const detached = randomUUID();
  const onInterrupt = (): void => leave.abort(detached);
  process.on('SIGINT', onInterrupt);
  const answers = hearEnter(loops, loopId);
  let seen = 0;
  let last = '';
  const end = loops.end(loopId, leave.signal).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const showTurns = async (): Promise<void> => {
    for (const turn of await loops.turns(loopId, seen)) {
      seen = turn.seq;
      context.note(turnLine(context.colors, turn));
    }
  };
  try {
    for (;;) {
      const next = await Promise.race([end, look()]);
      if (next !== undefined) {
        if ('error' in next) throw next.error;
        for (const turn of next.value.input.carried.turns.filter(({ seq }) => seq > seen)) {
          context.note(turnLine(context.colors, turn));
        }
        return report(context, next.value, { json, agentExitCode });
      }
      await Promise.race([end, sleep(LOOK_MS, undefined, { ref: false })]);
    }
  } catch (error) {
    if (error !== detached) throw error;
    context.note(
      `\ndetached; the loop continues\n  follow it again:  orch loop watch ${loopId}\n  end it:           orch loop stop ${loopId}\n`,
    );
    return EXIT.detached;
  } finally {
    process.off('SIGINT', onInterrupt);
    answers.close();
    leave.abort();
    await end; // or the caller would close the connection under it
  }

  async function look(): Promise<undefined> {
    try {
      const now = await loops.describe(loopId);
      if (seen < (now.view?.last_seq ?? 0)) await showTurns();
      show(now);
    } catch (error) {
      if (!(error instanceof OrchError) || (error.code !== 'no_worker' && error.code !== 'service_unreachable'))
        throw error;
      tell(`${error.message}; still waiting${error.code === 'no_worker' ? `; ${NO_WORKER}` : ''}`);
    }
    return undefined;
  }

  function show(now: LoopDescription): void {
    if (now.view === undefined) tell(`No worker answered; still waiting; ${NO_WORKER}`);
    else tell(nowLine(now));
    answers.paused(now.view?.status === 'paused');
  }

  function tell(line: string): void {
    if (line === last || line === '') return;
    last = line;
    context.note(`${context.colors.dim(line)}\n`);
  }
}

/** On a terminal Enter lets a paused loop go on. */
function hearEnter(loops: LoopClient, loopId: string): { paused(is: boolean): void; close(): void } {
  if (!process.stdin.isTTY) return { paused() {}, close() {} };
  let isPaused = false;
  const onLine = (): void => {
    if (isPaused) void loops.steer(loopId, 'resume', {}).catch(() => {}); // somebody else was faster
  };
  process.stdin.on('data', onLine);
  return {
    paused(is) {
      isPaused = is;
    },
    close() {
      process.stdin.off('data', onLine);
      process.stdin.pause();
    },
  };
}

function report(
  context: CliContext,
  { view, input }: LoopEnd,
  { json, agentExitCode }: { json: boolean; agentExitCode: boolean },
): number {
  if (json) context.out(`${JSON.stringify({ ...view, recent_turns: input.carried.turns }, null, 2)}\n`);
  else context.out(loopSummary(context.outColors, view));
  if (view.status === 'failed') return (agentExitCode ? view.failure?.exit_code : undefined) || EXIT.failed;
  return view.status === 'canceled' ? EXIT.canceled : EXIT.succeeded;
}
