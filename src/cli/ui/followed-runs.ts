import type { ClientSource } from './client-source.js';
import { FollowedRun } from './followed-run.js';

/** Milliseconds without a question, after which a run is let go. */
const IDLE_MS = 20_000;

interface Entry {
  opened: Promise<FollowedRun>;
  lastAsked: number;
}

/** The runs that somebody looks at: each is followed once, however many pages show it. */
export class FollowedRuns {
  private readonly entries = new Map<string, Entry>();
  private readonly timer = setInterval(() => this.letGo(Date.now() - IDLE_MS), IDLE_MS / 2);

  constructor(private readonly clients: ClientSource) {
    this.timer.unref();
  }

  /** The run, which is followed from now on. @throws OrchError as of {@link FollowedRun.open} */
  async get(runId: string): Promise<FollowedRun> {
    const known = this.entries.get(runId);
    if (known !== undefined) known.lastAsked = Date.now();
    const entry = known ?? this.begin(runId);
    return entry.opened;
  }

  close(): void {
    clearInterval(this.timer);
    this.letGo(Number.POSITIVE_INFINITY);
  }

  private begin(runId: string): Entry {
    let tell: (run: FollowedRun) => void;
    let fail: (error: unknown) => void;
    const opened = new Promise<FollowedRun>((resolve, reject) => {
      [tell, fail] = [resolve, reject];
    });
    const entry = { opened, lastAsked: Date.now() };
    this.entries.set(runId, entry);
    const work = this.clients.with(async (client) => {
      const run = await FollowedRun.open(client, runId);
      tell(run);
      if (!run.ended) await run.follow(client);
      // What came of it stays until nobody asks; where it is not known how it ended, it is asked for anew.
      if (!run.ended) this.forget(runId, entry);
    });
    work.catch((error: unknown) => {
      this.forget(runId, entry);
      fail(error);
    });
    return entry;
  }

  private forget(runId: string, entry: Entry): void {
    if (this.entries.get(runId) === entry) this.entries.delete(runId);
  }

  private letGo(askedBefore: number): void {
    for (const [runId, entry] of this.entries) {
      if (entry.lastAsked >= askedBefore) continue;
      this.entries.delete(runId);
      entry.opened.then((run) => run.close()).catch(() => {}); // it was never followed
    }
  }
}
