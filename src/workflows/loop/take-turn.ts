import { CancellationScope, isCancellation, patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { TurnFacts } from '../../contract/agent-turn.js';
import type { TurnSuccess, TurnTask } from '../../contract/loop-turn.js';
import { AUTO_AGENT, settingsFor } from '../../loop/agents.js';
import { decideByRouter, decideByRule, decisionLine, type TurnChoice } from '../../loop/decide.js';
import { ACTORS, roleQueue } from '../../loop/roles.js';
import { advance, nextTurn, routerId, turnDone, turnId } from '../../loop/turns.js';
import { accountOf } from '../../plan/check/agent-names.js';
import { overrunText } from '../agent-step/ledger.js';
import type { Loop } from './loop-data.js';
import type { LoopFailure } from '../../contract/loop-messages.js';
import { noteFailed, turnExtras, type Extras } from './turn-extras.js';
import { runTurn, syncRepository, type Piece, type PieceFailure } from './turn-activity.js';
import { defined } from '../../basics/defined.js';

/** After so many waits for one turn something else is wrong than a quota. */
const MAX_PARKS = 1_000;
/** Agents that `auto` means, in order. */
const AUTO_AGENTS = ['claude', 'codex'] as const;

const accounts = proxyActivities<Pick<Activities, 'askAccount'>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
});

/** How a step of the loop ended: it may go on, it was stopped, or it failed. */
export type TurnEnd = { end: 'done'; exit?: string } | { end: 'canceled' } | { end: 'failed'; failure: LoopFailure };

/**
 * Takes one turn with all that belongs to it: the shared repository before, the router, the agent, the repository
 * after. Each part that is over is noted in the loop's state, so that a repeated turn does no part twice.
 */
export async function takeTurn(loop: Loop): Promise<TurnEnd> {
  const end = await takeParts(loop);
  if (end.end === 'failed') await noteFailed(loop, queueOf(loop));
  return end;
}

async function takeParts(loop: Loop): Promise<TurnEnd> {
  try {
    let exit: string | undefined;
    if (loop.state.phase === 'turn') {
      const over = (await pull(loop)) ?? (await decide(loop));
      if (over !== undefined) return over;
      const worked = await work(loop);
      if (worked.end !== 'done') return worked;
      ({ exit } = worked);
      loop.state = turnDone(loop.config, loop.state);
    }
    const over = loop.config.git === undefined ? undefined : await publish(loop);
    return over ?? { end: 'done', ...defined({ exit }) };
  } catch (error) {
    if (isCancellation(error)) return { end: 'canceled' };
    throw error;
  } finally {
    loop.leave();
  }
}

async function pull(loop: Loop): Promise<TurnEnd | undefined> {
  if (loop.config.git === undefined) return undefined;
  loop.enter('pull', turnId(loop.state));
  return sync(loop, 'before');
}

async function publish(loop: Loop): Promise<TurnEnd | undefined> {
  loop.enter('publish', turnId(loop.state));
  const over = await sync(loop, 'after');
  if (over === undefined) loop.state = advance(loop.config, loop.state);
  return over;
}

async function sync(loop: Loop, when: 'before' | 'after'): Promise<TurnEnd | undefined> {
  const { iteration, role, decision } = loop.state;
  const actor = role === 'supervisor' ? 'SUPERVISOR' : 'RALPH';
  const prompt = decision?.prompt.key.replace(/\.md$/, '') ?? role;
  const piece = await syncRepository(
    {
      run_id: loop.id,
      step_id: turnId(loop.state),
      ...loop.base,
      git: loop.config.git!,
      ...(loop.config.mode === 'combined' ? { may_be_local: true } : {}),
      when,
      subject: `${actor} AUTO (prompt=${prompt}) (iter=${String(iteration).padStart(5, '0')})`,
    },
    queueOf(loop),
  );
  if (piece.status !== 'done') return notDone(loop, piece);
  for (const left of piece.result.left) loop.warn(`${turnId(loop.state)}: left uncommitted: ${left}`);
  for (const file of piece.result.would_commit ?? []) loop.warn(`${turnId(loop.state)}: would commit ${file}`);
  if (when === 'after' && piece.result.commit !== undefined) loop.noteCommit(piece.result.commit);
  return undefined;
}

/** Chooses what the turn runs, unless that was chosen before it failed. */
async function decide(loop: Loop): Promise<TurnEnd | undefined> {
  const next = nextTurn(loop.config, loop.state, loop.lastIteration);
  if (next.done || next.ask === 'decided') return undefined;
  if (next.ask === 'nobody') {
    loop.state = { ...loop.state, decision: decideByRule(loop.config, loop.state) };
    return undefined;
  }
  const decided = await askRouter(loop);
  if ('end' in decided) return decided;
  loop.state = { ...loop.state, decision: decided };
  return undefined;
}

async function askRouter(loop: Loop): Promise<TurnChoice | TurnEnd> {
  const { config, state } = loop;
  const prompt = config.router.prompt!;
  const ruled = decideByRule(config, state);
  const agent = loop.agentFor(prompt);
  loop.enter('router', routerId(state), { prompt: prompt.key, agent });
  const title = `Router of iteration ${state.iteration}: ${prompt.key}`;
  const piece = await untilQuota(loop, 'router', {
    step_id: routerId(state),
    prompt_file: prompt.file,
    title,
    agent,
    log: [
      `[router] iteration=${state.iteration} actor=${ACTORS[state.role]} asks=${prompt.key} instead=${ruled.prompt.key}`,
    ],
  });
  // An agent that has said nothing is a router that has answered nothing.
  const silent = piece.status === 'failed' && piece.failure.turn?.failure?.kind === 'empty';
  if (piece.status !== 'done' && !silent) return notDone(loop, piece);
  const facts = piece.status === 'done' ? piece.result : undefined;
  const decided = decideByRouter(config, loop.state, facts?.turn?.message ?? '');
  if (decided.ok) return decided.value;
  const { code, message } = decided.error;
  const logDir = facts?.log_dir ?? (piece.status === 'failed' ? piece.failure.log_dir : undefined);
  const failure: PieceFailure = { reason: code, message, ...defined({ log_dir: logDir }) };
  return notDone(loop, { status: 'failed', failure });
}

async function work(loop: Loop): Promise<TurnEnd> {
  const { state } = loop;
  const decision = state.decision!;
  const { prompt, agent, role, iteration } = decision;
  loop.enter('turn', turnId(state), { prompt: prompt.key, agent });
  const piece = await untilQuota(loop, 'turn', {
    step_id: turnId(state),
    prompt_file: prompt.file,
    title: `Iteration ${iteration}, ${role}: ${prompt.key}`,
    agent,
    log: [decisionLine(decision), `[agent] role=${ACTORS[role]} prompt=${prompt.key} agent=${agent}`],
    ...turnExtras(loop, prompt),
  });
  if (piece.status !== 'done') return notDone(loop, piece);
  const { result } = piece;
  const { verdict, note, message = '' } = result.turn ?? {};
  if (verdict === 'question' || verdict === 'escalated') {
    const words = `${verdict === 'question' ? 'the agent asks' : 'the agent needs a person'}: ${note ?? lastLine(message)}`;
    return notDone(loop, { status: 'failed', failure: { reason: verdict, message: words, log_dir: result.log_dir } });
  }
  loop.record({
    status: result.status,
    words: note ?? lastLine(message),
    agent: result.turn?.agent ?? agent,
    log_dir: result.log_dir,
    duration_sec: result.duration_sec,
    ...usedBy(result.turn),
    ...defined({ exit_code: result.exit_code }),
  });
  return { end: 'done', ...defined({ exit: result.exit_requested }) };
}

function usedBy(facts: TurnFacts | undefined): { tokens?: number; cost_usd?: number } {
  const { tokens = 0, cost_usd } = facts ?? {};
  return { ...(tokens === 0 ? {} : { tokens }), ...defined({ cost_usd }) };
}

interface Wanted extends Extras {
  step_id: string;
  prompt_file: string;
  title: string;
  agent: string;
  log: readonly string[];
}

/** Runs a prompt once there is budget and quota for it; a quota that ends in the middle of it is waited for. */
async function untilQuota(loop: Loop, kind: 'turn' | 'router', wanted: Wanted): Promise<Piece<TurnSuccess>> {
  const { agent: name, ...rest } = wanted;
  const agents = agentsOf(loop, name);
  let session: Pick<TurnTask, 'session' | 'session_tokens' | 'session_cost_usd' | 'begun'> = {};
  let renewed = false;
  for (let parks = 0; parks < MAX_PARKS; parks += 1) {
    const over = loop.ledger.overrun();
    if (over !== undefined) {
      const message = `the loop's budget is used up: ${overrunText(over)}`;
      return { status: 'failed', failure: { reason: 'budget_exceeded', message } };
    }
    if (agents.length === 1) await waitForQuota(loop, agents[0]!);
    const tries = loop.state.tries[kind];
    loop.state = { ...loop.state, tries: { ...loop.state.tries, [kind]: tries + 1 } };
    const piece = await runTurn(
      {
        ...rest,
        run_id: loop.id,
        attempts_before: tries,
        ...loop.base,
        env: loop.env,
        agents,
        timeout_sec: loop.config.timeout_sec,
        stall_timeout_sec: loop.config.stall_timeout_sec,
        limits: loop.ledger.left(),
        ...session,
      },
      queueOf(loop),
    );
    const facts =
      piece.status === 'done' ? piece.result.turn : piece.status === 'failed' ? piece.failure.turn : undefined;
    if (facts !== undefined) loop.settle(facts);
    if (facts?.failure?.kind === 'session' && !renewed && patched('loop-fresh-session')) {
      renewed = true;
      session = { begun: 'your session could not continue' };
      continue;
    }
    const known = agents.find((each) => each.name === facts?.agent) ?? agents[0]!;
    if (facts?.failure?.kind !== 'quota' || known.settings.park === false) return piece;
    session = sessionOf(facts);
    const key = `${loop.id}/${wanted.step_id}/${tries + 1}`;
    await ask(loop, known, { key, reset_at: facts.failure.reset_at ?? null });
    await waitForQuota(loop, known);
  }
  return { status: 'failed', failure: { reason: 'quota', message: `it waited ${MAX_PARKS} times for its quota` } };
}

/** What the turn goes on with after its quota had ended. */
function sessionOf({
  session_id,
  session_tokens,
  session_cost_usd,
}: TurnFacts): Pick<TurnTask, 'session' | 'session_tokens' | 'session_cost_usd' | 'begun'> {
  if (session_id === undefined) return { begun: 'your quota had ended' };
  return {
    session: session_id,
    ...defined({ session_tokens, session_cost_usd }),
  };
}

type Agent = TurnTask['agents'][number];

function agentsOf({ config }: Loop, name: string): readonly Agent[] {
  const names = name === AUTO_AGENT && settingsFor(name, config.agents.settings) === undefined ? AUTO_AGENTS : [name];
  return names.map((each) => {
    const settings = settingsFor(each, config.agents.settings) ?? { adapter: 'generic', command: each };
    return { name: each, settings };
  });
}

async function waitForQuota(loop: Loop, agent: Agent): Promise<void> {
  if (agent.settings.park === false) return;
  for (;;) {
    const at = await ask(loop, agent);
    if (at <= Date.now()) return loop.waitFor(undefined);
    loop.waitFor(`the quota of '${accountOf(agent.name, agent.settings)}' until ${new Date(at).toISOString()}`);
    await sleep(Math.max(1, at - Date.now()));
  }
}

async function ask(
  loop: Loop,
  { name, settings }: Agent,
  hit?: { key: string; reset_at: number | null },
): Promise<number> {
  const account = accountOf(name, settings);
  const summary = `${hit === undefined ? 'Requests' : 'Reports'} the quota of ${account}`.slice(0, 200);
  const question = { account, key: loop.id, ...defined({ hit }) };
  const { start_at } = await accounts.askAccount.executeWithOptions({ summary }, [question]);
  return start_at;
}

function queueOf({ config, queue, state }: Loop): string | undefined {
  return config.mode === 'role' ? roleQueue(queue, state.role) : undefined;
}

function notDone(loop: Loop, piece: Exclude<Piece<unknown>, { status: 'done' }>): TurnEnd {
  const { state } = loop;
  const canceled = piece.status === 'canceled' || CancellationScope.current().consideredCancelled;
  const failed = piece.status === 'failed' ? piece.failure : undefined;
  const prompt = loop.phase === 'router' ? loop.config.router.prompt?.key : state.decision?.prompt.key;
  const facts = defined({ exit_code: failed?.exit_code, log_dir: failed?.log_dir });
  const message = canceled ? 'stopped' : (failed?.message ?? '');
  loop.record({ status: canceled ? 'stopped' : 'failed', words: message, ...facts });
  if (canceled) return { end: 'canceled' };
  const { iteration, role } = state;
  const failure: LoopFailure = {
    iteration,
    role,
    actor: ACTORS[role],
    phase: loop.phase ?? 'turn',
    prompt: prompt ?? loop.config.prompts[role].key,
    reason: failed?.reason ?? 'internal_error',
    message,
    ...facts,
  };
  return { end: 'failed', failure };
}

function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').slice(0, 300);
}
