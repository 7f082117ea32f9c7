import { OrchError } from '../../client/errors.js';
import type { Explanation, VerbAccepted, VerbName, Verbs } from '../../contract/run-messages.js';
import { cancelRun } from '../cancel-run.js';
import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { collectPairs } from '../options/plan.js';
import { logLinks } from '../log-links.js';
import { forPeople, oneLine } from '../render/format.js';
import { defined } from '../../basics/defined.js';

interface Flags {
  json?: boolean;
  by?: string;
}

/** `orch cancel RUN [STEP]`. */
export async function cancel(
  context: CliContext,
  runId: string,
  step: string | undefined,
  flags: Flags & { force?: boolean },
): Promise<number> {
  if (step !== undefined) {
    return steer(context, runId, 'cancelStep', { step }, flags, ({ status }) =>
      status === 'canceled' ? `${step}: canceled` : `${step}: cancel requested; it is being stopped`,
    );
  }
  const client = await connect(context, false);
  try {
    const { requested, text } = await cancelRun(context, client, runId, flags);
    answer(context, flags, { run_id: runId, requested }, text);
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** `orch skip RUN STEP`. */
export function skip(
  context: CliContext,
  runId: string,
  step: string,
  flags: Flags & { propagate?: boolean },
): Promise<number> {
  return steer(
    context,
    runId,
    'skip',
    { step, propagate: flags.propagate === true },
    flags,
    ({ status }) => `${step}: ${status}`,
  );
}

/** `orch pause RUN`. */
export function pause(context: CliContext, runId: string, flags: Flags): Promise<number> {
  return steer(
    context,
    runId,
    'pause',
    {},
    flags,
    () => `${runId}: paused; running steps continue, nothing new starts`,
  );
}

/** `orch resume RUN`. */
export function resume(context: CliContext, runId: string, flags: Flags): Promise<number> {
  return steer(context, runId, 'resume', {}, flags, ({ status }) => `${runId}: ${status}`);
}

/** `orch approve RUN STEP` and `orch reject RUN STEP`. */
export async function decide(
  context: CliContext,
  verb: 'approve' | 'reject',
  runId: string,
  step: string,
  flags: Flags & { comment?: string; input: string[] },
): Promise<number> {
  const what = {
    step,
    ...defined({ comment: flags.comment }),
    ...(flags.input.length === 0 ? {} : { inputs: collectPairs(flags.input) }),
  };
  try {
    const done = verb === 'approve' ? 'approved' : 'rejected';
    return await steer(context, runId, verb, what, flags, () => `${step}: ${done}`);
  } catch (error) {
    const unnamed = error instanceof OrchError && error.code === 'refused' && flags.by === undefined;
    if (!unnamed || !error.message.includes('may decide')) throw error;
    throw new OrchError('refused', error.message, { hint: 'say which of them you are: `--by NAME`', cause: error });
  }
}

/** `orch answer RUN STEP TEXT`; a text of `-` is read from standard input. */
export async function answerAgent(
  context: CliContext,
  runId: string,
  step: string,
  words: string,
  flags: Flags,
): Promise<number> {
  const text = words === '-' ? await readStdin() : words;
  return steer(context, runId, 'answer', { step, text }, flags, () => `${step}: answered; the agent continues`);
}

/** `orch retry RUN STEP`. A run that has ended is not started anew unasked: the refusal names the command that does. */
export async function retry(context: CliContext, runId: string, step: string, flags: Flags): Promise<number> {
  try {
    return await steer(
      context,
      runId,
      'retry',
      { step },
      flags,
      ({ status }) => `${step}: ${status}; it is being retried`,
    );
  } catch (error) {
    if (!(error instanceof OrchError) || error.code !== 'run_closed') throw error;
    throw new OrchError('run_closed', error.message, {
      hint: `\`orch rerun ${runId}\` does in a new run what did not succeed; \`--dry-run\` only says what that is`,
      cause: error,
    });
  }
}

/** `orch explain RUN STEP`. */
export async function explain(context: CliContext, runId: string, step: string, flags: Flags): Promise<number> {
  const client = await connect(context, false);
  try {
    const explanation = await client.explain(runId, step);
    context.out(
      flags.json
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : renderExplanation(context, runId, forPeople(explanation)),
    );
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function renderExplanation(context: CliContext, runId: string, { step, status, lines }: Explanation): string {
  const { link } = context.outColors;
  const log = logLinks(context, context.outColors)(runId, { id: step, status });
  return `${[`${link(step, log)}: ${status}`, ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}

async function steer<V extends VerbName>(
  context: CliContext,
  runId: string,
  verb: V,
  what: Verbs[V],
  flags: Flags,
  text: (accepted: VerbAccepted) => string,
): Promise<number> {
  const client = await connect(context, false);
  try {
    const accepted = await client.steer(runId, verb, flags.by === undefined ? what : { ...what, by: flags.by });
    noteSignal(context, runId, accepted);
    answer(context, flags, { run_id: runId, requested: verb, ...accepted }, text(accepted));
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function noteSignal(context: CliContext, runId: string, { sent_as }: VerbAccepted): void {
  if (sent_as === undefined) return;
  context.note(`note: ${runId} has had as many updates as Temporal allows for one run, so this was sent as a signal\n`);
}

async function readStdin(): Promise<string> {
  const { text } = await import('node:stream/consumers');
  return (await text(process.stdin)).trim();
}

function answer(context: CliContext, flags: Flags, json: Record<string, unknown>, text: string): void {
  context.out(flags.json ? `${JSON.stringify(json, null, 2)}\n` : `${oneLine(text)}\n`);
}
