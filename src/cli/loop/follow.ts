import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrchError } from '../../client/errors.js';
import type { OrchClient } from '../../client/orch-client.js';
import type { LoopDescription } from '../../client/loop-types.js';
import type { LoopClient } from '../../client/loops.js';
import type { LoopEnd, TurnRecord } from '../../contract/loop-messages.js';
import { EXIT, type CliContext } from '../context.js';
import { logLinks } from '../log-links.js';
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
        : loopSummary(context.outColors, view, logLinks(context, context.outColors));
    const now = nowLine(described);
    context.out(`${head}${now === '' ? '' : `  ${now}\n`}${web_ui === undefined ? '' : `  Web UI  ${web_ui}\n`}`);
    for (const turn of turns.slice(-10)) context.out(`  ${turnLine(context.outColors, turn)}`);
  }
  return EXIT.succeeded;
}

interface FollowOptions {
  json: boolean;
  agentExitCode?: boolean;
}

/** Follows a loop to its end, or until Ctrl-C, which ends the following only. */
export async function followLoop(
  context: CliContext,
  loops: LoopClient,
  loopId: string,
  { json, agentExitCode = false }: FollowOptions,
): Promise<number> {
  const leave = new AbortController();
  const detached = randomUUID();
  const onInterrupt = (): void => leave.abort(detached);
  process.on('SIGINT', onInterrupt);
  const onlooker = new Onlooker(context, loops, loopId);
  const end = loops.end(loopId, leave.signal).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  try {
    for (;;) {
      const next = await Promise.race([end, onlooker.look()]);
      if (next !== undefined) {
        if ('error' in next) throw next.error;
        onlooker.showRest(next.value);
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
    onlooker.close();
    leave.abort();
    await end; // or the caller would close the connection under it
  }
}

/** Tells a person what a loop does, each thing once. */
class Onlooker {
  private readonly answers: Answers;
  private seen = 0;
  private last = '';

  constructor(
    private readonly context: CliContext,
    private readonly loops: LoopClient,
    private readonly loopId: string,
  ) {
    this.answers = hearEnter(loops, loopId);
  }

  /** Shows what is new. Nobody who serves the loop is no error: somebody may come. */
  async look(): Promise<undefined> {
    try {
      const now = await this.loops.describe(this.loopId);
      if (this.seen < (now.view?.last_seq ?? 0)) this.showTurns(await this.loops.turns(this.loopId, this.seen));
      this.showState(now);
    } catch (error) {
      if (!(error instanceof OrchError) || (error.code !== 'no_worker' && error.code !== 'service_unreachable'))
        throw error;
      this.tell(`${error.message}; still waiting${error.code === 'no_worker' ? `; ${NO_WORKER}` : ''}`);
    }
    return undefined;
  }

  /** Shows the turns that have ended since the last look. */
  showRest({ input }: LoopEnd): void {
    this.showTurns(input.carried.turns.filter(({ seq }) => seq > this.seen));
  }

  close(): void {
    this.answers.close();
  }

  private showTurns(turns: readonly TurnRecord[]): void {
    for (const turn of turns) {
      this.seen = turn.seq;
      this.context.note(turnLine(this.context.colors, turn));
    }
  }

  private showState(now: LoopDescription): void {
    if (now.view === undefined) this.tell(`No worker answered; still waiting; ${NO_WORKER}`);
    else this.tell(nowLine(now));
    this.answers.paused(now.view?.status === 'paused');
  }

  private tell(line: string): void {
    if (line === this.last || line === '') return;
    this.last = line;
    this.context.note(`${this.context.colors.dim(line)}\n`);
  }
}

interface Answers {
  paused(is: boolean): void;
  close(): void;
}

/** On a terminal Enter lets a paused loop go on. */
function hearEnter(loops: LoopClient, loopId: string): Answers {
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
  else context.out(loopSummary(context.outColors, view, logLinks(context, context.outColors)));
  if (view.status === 'failed') return (agentExitCode ? view.failure?.exit_code : undefined) || EXIT.failed;
  return view.status === 'canceled' ? EXIT.canceled : EXIT.succeeded;
}
