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
/** Of those, how many at one look: first those that have not been asked, then those that were asked longest ago. */
const ASKED_AT_ONCE = 8;
/** Milliseconds for which a look serves all windows. */
const FRESH_MS = 2500;

/** What an open run said when its history had so many events. */
interface Answered {
  /** Which of the looks asked it last. */
  look: number;
  events?: number;
  progress?: ProgressView;
}

/**
 * The runs, and what waits for a person in them. What a look costs does not grow with the number of open runs: a few of
 * them are asked at a time whether their histories have grown, and only where they have, what the run says.
 */
export class RunList {
  private looks = 0;
  private readonly latest = new Map<number, { at: number; answer: Promise<ListAnswer> }>();
  private readonly answered = new Map<string, Answered>();
  /** How runs ended that the service calls succeeded, by id and end: to find out takes a look at each. */
  private readonly genuine = new Map<string, RunState>();

  /** @param freshMs for which a look serves all windows */
  constructor(private readonly freshMs = FRESH_MS) {}

  /** @param limit of the runs that are shown */
  read(client: OrchClient, limit = SHOWN): Promise<ListAnswer> {
    const wanted = Math.min(MOST_SHOWN, Math.max(1, Math.trunc(limit) || SHOWN));
    const known = this.latest.get(wanted);
    if (known !== undefined && performance.now() - known.at < this.freshMs) return known.answer;
    const answer = this.look(client, wanted);
    this.latest.set(wanted, { at: performance.now(), answer });
    answer.catch(() => this.latest.delete(wanted)); // the next one asks again
    return answer;
  }

  private async look(client: OrchClient, wanted: number): Promise<ListAnswer> {
    const [listed, open] = await Promise.all([
      this.listed(client, wanted + 1),
      client.list({ open: true, all: true, limit: MOST_ASKED }),
    ]);
    await this.askSome(client, open);
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

  /** A first look asks all of them once: what waits for somebody is to be seen at once. */
  private async askSome(client: OrchClient, open: readonly RunSummary[]): Promise<void> {
    const look = (this.looks += 1);
    const asked = (run: RunSummary): number => this.answered.get(run.run_id)?.look ?? 0;
    const inTurn = [...open].sort((a, b) => asked(a) - asked(b));
    const unknown = inTurn.filter((run) => asked(run) === 0).length;
    const turn = inTurn.slice(0, Math.max(unknown, ASKED_AT_ONCE));
    await Promise.all(turn.map((run) => this.ask(client, run, look)));
  }

  private async ask(client: OrchClient, { run_id }: RunSummary, look: number): Promise<void> {
    const known = this.answered.get(run_id);
    try {
      const { events } = await client.pulse(run_id);
      const progress = known?.events === events ? known.progress : undefined;
      this.answered.set(run_id, { look, events, progress: progress ?? (await client.progress(run_id)) });
    } catch {
      this.answered.set(run_id, { look }); // the list says that it is not known
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
