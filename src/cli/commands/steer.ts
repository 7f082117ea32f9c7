import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';

/** `orch cancel RUN [STEP]`. */
export async function cancel(
  context: CliContext,
  runId: string,
  step: string | undefined,
  flags: { json?: boolean },
): Promise<number> {
  const client = await connect(context, false);
  try {
    if (step === undefined) {
      await client.cancel(runId);
      answer(
        context,
        flags,
        { run_id: runId, requested: 'cancel' },
        `${runId}: cancel requested; its steps are being stopped`,
      );
    } else {
      const accepted = await client.cancelStep(runId, step);
      const text = accepted.status === 'canceled' ? 'canceled' : 'cancel requested; it is being stopped';
      answer(context, flags, { run_id: runId, requested: 'cancelStep', ...accepted }, `${step}: ${text}`);
    }
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

/** `orch skip RUN STEP`. */
export async function skip(
  context: CliContext,
  runId: string,
  step: string,
  flags: { json?: boolean },
): Promise<number> {
  const client = await connect(context, false);
  try {
    const accepted = await client.skip(runId, step);
    answer(context, flags, { run_id: runId, requested: 'skip', ...accepted }, `${step}: ${accepted.status}`);
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function answer(context: CliContext, flags: { json?: boolean }, json: Record<string, unknown>, text: string): void {
  context.out(flags.json ? `${JSON.stringify(json, null, 2)}\n` : `${text}\n`);
}
