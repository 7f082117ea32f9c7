import type { ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { Candidate } from '../../contract/carried-agent.js';
import { accountOf } from '../../plan/check/agent-names.js';
import type { AgentStepContext } from './context.js';
import { defined } from '../../basics/defined.js';

/** The quotas of the agents of a step, which their accounts keep for all runs. */
export class TurnQuota {
  private readonly activities: ActivityInterfaceFor<Pick<Activities, 'askAccount'>>;

  constructor(private readonly context: AgentStepContext) {
    this.activities = context.temporal.activities<Pick<Activities, 'askAccount'>>({
      startToCloseTimeout: '1 minute',
      retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
    });
  }

  /** The first agent whose account is not waited for; where all are, the one that may start first, after its wait. */
  async choose(candidates: readonly Candidate[]): Promise<Candidate> {
    for (;;) {
      let soonest: { at: number; account: string } | undefined;
      for (const candidate of candidates) {
        const settings = this.context.settings(candidate.agent);
        if (settings.park === false) return candidate;
        const account = accountOf(candidate.agent, settings);
        const { start_at: at } = await this.ask(account);
        if (at <= Date.now()) return candidate;
        if (soonest === undefined || at < soonest.at) soonest = { at, account };
      }
      const { at: until, account } = soonest!;
      const message = `the agents of account '${account}' are out of quota until ${new Date(until).toISOString()}`;
      await this.context.parking.until({ why: 'quota', message, until });
      delete this.context.progress.wait;
    }
  }

  /** Tells the account of an agent that a turn has met its limit. */
  async tell({ agent }: Candidate, number: number, resetAt: number | undefined): Promise<void> {
    const key = `${this.context.accountKey}/${number}`;
    await this.ask(accountOf(agent, this.context.settings(agent)), { key, reset_at: resetAt ?? null });
  }

  private ask(account: string, hit?: { key: string; reset_at: number | null }): Promise<{ start_at: number }> {
    const summary = `${hit === undefined ? 'Asks for' : 'Tells of'} the quota of ${account}`.slice(0, 200);
    return this.activities.askAccount.executeWithOptions({ summary }, [
      { account, key: this.context.accountKey, ...defined({ hit }) },
    ]);
  }
}
