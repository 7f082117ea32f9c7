import type { OtherVersions } from '../client/other-versions.js';
import type { Check } from '../service/index.js';
import { connect } from './connect.js';
import type { CliContext } from './context.js';

/** Runs that are named; of the others the number is told. */
const MOST_NAMED = 5;

/** Says which open runs wait for another build of orch. Nothing where the service cannot be asked: other checks tell that. */
export async function checkOpenRuns(context: CliContext): Promise<Check[]> {
  let found: OtherVersions;
  try {
    const client = await connect(context, false);
    try {
      found = await client.otherVersions();
    } finally {
      await client.close();
    }
  } catch {
    return [];
  }
  const checks: Check[] = [];
  if (found.newer.length > 0) {
    const hint = 'upgrade orch here: they continue once a worker of the newer one runs';
    checks.push(waiting(found.newer, 'a newer orch', hint));
  }
  if (found.older.length > 0) {
    const hint = 'start a worker of that older orch: they continue once it runs';
    checks.push(waiting(found.older, 'an older orch', hint));
  }
  return checks.length > 0 ? checks : [{ name: 'open_runs', ok: 'ok', detail: 'none needs another build of orch' }];
}

function waiting(ids: readonly string[], starter: string, hint: string): Check {
  const named = ids.slice(0, MOST_NAMED).join(', ');
  const more = ids.length > MOST_NAMED ? `, and ${ids.length - MOST_NAMED} more` : '';
  const wait = ids.length === 1 ? 'open run waits' : 'open runs wait';
  return { name: 'open_runs', ok: 'warn', detail: `${ids.length} ${wait} for ${starter}: ${named}${more}`, hint };
}
