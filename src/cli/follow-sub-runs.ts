import type { OrchClient } from '../client/orch-client.js';
import { LiveRun } from './render/live-state.js';

/** Runs of sub-plans that are followed at once: each is asked like a run of its own. */
const MOST = 4;

/**
 * Follows the runs of sub-plans that are under way, so that their steps are shown below the step that runs them.
 * It is an extra: where one cannot be followed, its step is shown without it.
 */
export class SubRunFollower {
  private readonly followed = new Map<string, AbortController>();
  private readonly ends: Promise<unknown>[] = [];

  constructor(
    private readonly client: OrchClient,
    private readonly root: LiveRun,
  ) {}

  /** Begins with those that have begun, and lets those go that have ended. */
  update(): void {
    const open = new Map(openSubRuns(this.root));
    for (const [id, leave] of this.followed) {
      if (open.has(id)) continue;
      leave.abort();
      this.followed.delete(id);
    }
    for (const [id, parent] of open) {
      if (this.followed.size >= MOST) return;
      if (!this.followed.has(id)) this.begin(id, parent);
    }
  }

  /** Lets all go. */
  async close(): Promise<void> {
    for (const leave of this.followed.values()) leave.abort();
    await Promise.all(this.ends);
  }

  private begin(id: string, parent: LiveRun): void {
    const leave = new AbortController();
    this.followed.set(id, leave);
    this.ends.push(this.follow(id, parent, leave.signal).catch(() => {}));
  }

  private async follow(id: string, parent: LiveRun, signal: AbortSignal): Promise<void> {
    const run = new LiveRun(await this.client.planOf(id).catch(() => undefined));
    if (signal.aborted) return;
    parent.subRuns.set(id, run);
    try {
      await this.client.follow(id, {
        signal,
        onChange: (steps, progress) => {
          run.take(steps, progress);
          this.update();
        },
        onLive: (live) => {
          run.live = live;
        },
      });
    } finally {
      parent.subRuns.delete(id);
    }
  }
}

/** The runs of the steps that run, each with the run above; those of sub-plans in sub-plans, too. */
function openSubRuns(run: LiveRun): [string, LiveRun][] {
  return [...run.active.values()].flatMap(({ sub_runs = [], status }) => {
    const id = status === 'running' ? sub_runs.at(-1) : undefined;
    if (id === undefined) return [];
    const below = run.subRuns.get(id);
    return [[id, run] as [string, LiveRun], ...(below === undefined ? [] : openSubRuns(below))];
  });
}
