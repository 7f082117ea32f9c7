import { liveText } from '../../client/describe.js';
import type { OrchClient } from '../../client/orch-client.js';
import type { RunDescription } from '../../client/types.js';
import { countStatuses } from '../../contract/statuses.js';
import type { ProgressView, StepView } from '../../contract/run-messages.js';
import type { RunAnswer } from '../../ui/api.js';
import { plainMessage } from '../../basics/plain-message.js';
import { defined } from '../../basics/defined.js';
import { forPeople } from '../render/format.js';

/** Of all runs together: a run that was let go and is followed again says nothing under a number that it has used. */
let clock = 0;

/** A run as the page knows it: what has changed has a higher version. */
export class FollowedRun {
  private version = (clock += 1);
  private readonly steps = new Map<string, { view: StepView; version: number }>();
  private progress: ProgressView | undefined;
  private silence: string | undefined;
  private readonly live = new Map<string, string>();
  private readonly leave = new AbortController();
  private over = false;

  private constructor(private run: RunDescription) {
    if (run.progress !== undefined) this.take(run.progress.steps, run.progress);
    if (run.stale) this.silence = run.stuck ?? (run.busy ? 'its worker is busy' : 'no worker answers for it');
  }

  /**
   * Begins to follow a run, as `orch watch` does: the service is asked how much its history has grown, and the run itself
   * only where it has. One that has ended is read once.
   *
   * @throws OrchError as of {@link OrchClient.describe}
   */
  static async open(client: OrchClient, runId: string): Promise<FollowedRun> {
    const followed = new FollowedRun(await client.describe(runId));
    followed.over = followed.run.finished_at !== undefined;
    return followed;
  }

  /** Whether nothing will change any more. */
  get ended(): boolean {
    return this.over;
  }

  /** Follows it to its end. Never fails: what goes wrong is a thing to show. */
  async follow(client: OrchClient): Promise<void> {
    const { run_id } = this.run;
    try {
      await client.follow(run_id, {
        signal: this.leave.signal,
        onProgress: (progress) => this.take([], progress),
        onChange: (steps, progress) => this.take(steps, progress),
        onLive: (live) => this.takeLive(live),
        onSilence: (silent, error) => this.takeSilence(silent ? (error?.message ?? 'it does not answer') : undefined),
      });
    } catch (error) {
      if (this.leave.signal.aborted) return;
      this.takeSilence(error instanceof Error ? error.message : String(error));
    }
    await this.readEnd(client);
  }

  /** Stops following it. */
  close(): void {
    this.leave.abort();
  }

  /** What changed after a version, or all. */
  since(version: number): RunAnswer {
    const { progress: _, stale: __, busy: ___, stuck: ____, ...about } = this.run;
    const { progress } = this;
    const changed = [...this.steps.values()].filter((step) => step.version > version);
    return forPeople({
      ...about,
      status: this.over ? this.run.status : openState(progress?.status, this.run.status),
      version: this.version,
      counts: progress?.counts ?? countStatuses([]),
      total_steps: progress?.total_steps ?? this.steps.size,
      warnings: progress?.warnings ?? 0,
      held: progress?.held ?? [],
      ...defined({ silence: this.silence, waits_for: progress?.waits_for, outputs: progress?.outputs }),
      ...defined({ recommendations: progress?.recommendations }),
      steps: changed.map(({ view }) => this.shown(view)),
      now: Date.now(),
    });
  }

  private take(steps: readonly StepView[], progress: ProgressView): void {
    this.version = clock += 1;
    this.progress = progress;
    for (const view of steps) this.steps.set(view.id, { view, version: this.version });
  }

  private takeLive(live: Parameters<typeof liveText>[1]): void {
    for (const [id, known] of this.steps) {
      const text = known.view.status === 'running' ? liveText(id, live) : undefined;
      if (text === this.live.get(id)) continue;
      if (text === undefined) this.live.delete(id);
      else this.live.set(id, text);
      this.version = clock += 1;
      known.version = this.version;
    }
  }

  private takeSilence(silence: string | undefined): void {
    this.version = clock += 1;
    this.silence = silence;
  }

  private shown(view: StepView): StepView {
    const { live: _, message, ...rest } = view;
    return { ...rest, ...defined({ message: message && plainMessage(message), live: this.live.get(view.id) }) };
  }

  /** How it ended by the service's word: a run that was terminated gives no result. */
  private async readEnd(client: OrchClient): Promise<void> {
    const run = await client.describe(this.run.run_id).catch(() => undefined);
    if (run === undefined || run.finished_at === undefined) return;
    this.run = run;
    if (run.progress !== undefined) this.take(run.progress.steps, run.progress);
    this.takeSilence(run.stuck);
    this.over = true;
  }
}

/** A run that has begun, and has not come to its first step, runs for all who look at it. */
function openState(
  said: ProgressView['status'] | undefined,
  known: RunDescription['status'],
): RunDescription['status'] {
  return said === undefined || said === 'pending' ? known : said;
}
