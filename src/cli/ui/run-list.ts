import type { OrchClient } from '../../client/orch-client.js';
import type { RunState, RunSummary } from '../../client/types.js';
import type { ProgressView } from '../../contract/run-messages.js';
import type { ListAnswer, RunLine } from '../../ui/api.js';
import { defined } from '../../basics/defined.js';
import { waitingIn } from '../open-work.js';
import { forPeople } from '../render/format.js';
import { headLine } from '../render/progress.js';

/** Runs that are shown, unless more are asked for. */
const SHOWN = 50;
const MOST_SHOWN = 1000;
/** Open runs that are asked what they wait for. */
const MOST_ASKED = 50;

/** What an open run said when its history had so many events. */
interface Answered {
  events: number;
  progress: ProgressView;
}

/** The runs, and what waits for a person in them. An open run is asked again only where its history has grown. */
export class RunList {
  private readonly answered = new Map<string, Answered>();
  /** How runs ended that the service calls succeeded, by id and end: to find out takes a look at each. */
  private readonly genuine = new Map<string, RunState>();

  /** @param limit of the runs that are shown */
  async read(client: OrchClient, limit = SHOWN): Promise<ListAnswer> {
    const wanted = Math.min(MOST_SHOWN, Math.max(1, Math.trunc(limit) || SHOWN));
    const [listed, open] = await Promise.all([
      this.listed(client, wanted + 1),
      client.list({ open: true, all: true, limit: MOST_ASKED }),
    ]);
    await Promise.all(open.map((run) => this.ask(client, run)));
    this.forgetOthers(new Set(open.map(({ run_id }) => run_id)));
    const waiting = open.flatMap((run) => waitingIn({ run, ...defined({ progress: this.progressOf(run) }) }));
    return forPeople({
      runs: listed.slice(0, wanted).map((run) => this.lineOf(run)),
      waiting: waiting.map(({ run_id, step, question }) => ({
        run_id,
        question,
        ...defined({ step: step?.id, since: step?.waits_since ?? step?.started_at }),
      })),
      more: listed.length > wanted,
    });
  }

  private async listed(client: OrchClient, limit: number): Promise<RunSummary[]> {
    const runs = await client.list({ limit, unverified: true });
    const known = runs.every((run) => run.status !== 'succeeded' || this.genuine.has(endOf(run)));
    if (!known) for (const run of await client.list({ limit })) this.genuine.set(endOf(run), run.status);
    // What has ended between the two lists is told by the next one.
    return runs.map((run) =>
      run.status === 'succeeded' ? { ...run, status: this.genuine.get(endOf(run)) ?? 'running' } : run,
    );
  }

  private async ask(client: OrchClient, { run_id }: RunSummary): Promise<void> {
    try {
      const { events } = await client.pulse(run_id);
      if (this.answered.get(run_id)?.events === events) return;
      this.answered.set(run_id, { events, progress: await client.progress(run_id) });
    } catch {
      this.answered.delete(run_id); // the list says that it is not known
    }
  }

  private forgetOthers(open: ReadonlySet<string>): void {
    for (const id of this.answered.keys()) if (!open.has(id)) this.answered.delete(id);
  }

  private progressOf({ run_id }: RunSummary): ProgressView | undefined {
    return this.answered.get(run_id)?.progress;
  }

  private lineOf(run: RunSummary): RunLine {
    const progress = run.finished_at === undefined ? this.progressOf(run) : undefined;
    return { ...run, ...defined({ progress: progress && headLine(progress) }) };
  }
}

function endOf({ run_id, finished_at }: RunSummary): string {
  return `${finished_at} ${run_id}`;
}
