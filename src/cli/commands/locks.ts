import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { table } from '../render/table.js';
import type { LockUser } from '../../client/locks.js';

/** `orch locks`: each lock that is held, by whom, and who waits for it. */
export async function locks(context: CliContext, flags: { json?: boolean }): Promise<number> {
  const client = await connect(context, false);
  try {
    const held = await client.locks();
    if (flags.json) context.out(`${JSON.stringify(held, null, 2)}\n`);
    else if (held.length === 0) context.note('no locks are held\n');
    else {
      const rows = held.map(({ name, holder, waiters }) => [
        name,
        userText(holder),
        waiters.map(userText).join(', ') || '-',
      ]);
      context.out(`${table([['LOCK', 'HELD BY', 'WAITING'], ...rows])}\n`);
    }
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}

function userText({ run_id, step_id }: LockUser): string {
  return step_id === undefined ? run_id : `${run_id}:${step_id}`;
}
