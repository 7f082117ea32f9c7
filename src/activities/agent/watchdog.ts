import { statSync } from 'node:fs';
import { isOver, type TurnProgress } from '../../agents/index.js';
import type { Started, StopReason } from '../../process/index.js';
import { usageOf } from './session-usage.js';
import type { AgentTurn } from '../../contract/agent-turn.js';
import type { StreamReader } from './stream-reader.js';

const LOOK_MS = 200;
/** An agent that lingers after its end is given so long to end by itself, counted from the last that it prints. */
const LINGER_MS = 5_000;

/** Looks at an agent while it works, and stops one that hangs, lingers or costs too much. @returns what ends that */
export function watchAgent(
  turn: AgentTurn,
  started: Started,
  reader: StreamReader,
  progress: TurnProgress,
  stop: (reason: StopReason) => void,
  isMarked: () => boolean,
): () => void {
  const { stall_timeout_sec: stall } = turn;
  let finalSince: number | undefined;
  const look = (): void => {
    reader.pump();
    const now = Date.now();
    // The files say when it printed last, also to a worker that came later.
    const printed = lastOutput(started);
    if (isOver(progress) || isMarked()) {
      finalSince ??= now;
      if (now - Math.max(finalSince, printed) >= LINGER_MS) stop('lingered');
      return;
    }
    finalSince = undefined;
    if (stall !== 'none' && now - printed >= stall * 1000) stop('stalled');
    if (isOverBudget(turn, progress, (now - started.startedAt) / 1000)) stop('budget');
  };
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}

function lastOutput({ startedAt, stdoutFile, stderrFile }: Started): number {
  const times = [stdoutFile, stderrFile].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(startedAt, ...times);
}

function isOverBudget(turn: AgentTurn, progress: TurnProgress, seconds: number): boolean {
  const { tokens, cost_usd, wall_sec } = turn.limits;
  const used = usageOf(progress, turn);
  return (
    (tokens !== undefined && used.tokens > tokens) ||
    (cost_usd !== undefined && (used.cost_usd ?? 0) > cost_usd) ||
    (wall_sec !== undefined && seconds > wall_sec)
  );
}
