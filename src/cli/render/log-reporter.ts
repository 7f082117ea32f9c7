import { stepsWithLogs } from '../../records/streams.js';
import { splitInstanceName } from '../../plan/templates/item-label.js';
import type { LiveStep } from '../../client/describe.js';
import type { StepView } from '../../contract/run-messages.js';
import type { CliContext } from '../context.js';
import { labelledOutput } from '../logs/output.js';
import { createPrinter } from '../logs/printer.js';
import { idWidth, lineReporter, type ProgressReporter } from './progress.js';

/** The run whose steps are shown. */
interface LoggedRun {
  runId: string;
  ids: readonly string[];
  /** The steps with `foreach`, whose instances have logs of their own. */
  lists: ReadonlySet<string>;
  stateDir: string;
}

/**
 * Lines for the starts and ends of steps, and between them what the steps print, as it comes, each line behind the name
 * of its step. All goes to stderr, like all progress. It reads the files of this machine: what runs elsewhere is not shown.
 */
export function logReporter(context: CliContext, { runId, ids, lists, stateDir }: LoggedRun): ProgressReporter {
  const lines = lineReporter(context, ids);
  const width = idWidth(ids);
  const printer = createPrinter({
    stateDir,
    runId,
    streams: ['stdout', 'stderr'],
    attempt: 'all',
    output: (source) => labelledOutput(context, source, { width, place: ids.indexOf(ownerOf(source.step)) }),
  });
  let running: readonly string[] = [];
  /** Steps whose start has been told: what they print comes after it. */
  const told = new Set<string>();
  let work: Promise<void> = Promise.resolve();
  // One after the other: what a step printed stands before the line of its end.
  const then = (task: () => Promise<void> | void): void => {
    work = inTurn(work, task);
  };
  const print = async (steps: readonly string[], over = false): Promise<void> =>
    printer.print([...new Set(steps)], over);

  return {
    onChange(steps, progress) {
      const ran = steps.filter(({ started_at, finished_at }) => started_at !== undefined && finished_at !== undefined);
      for (const step of ran.sort((one, other) => one.finished_at! - other.finished_at!)) {
        then(() => lines.onChange([{ ...step, status: 'running' }], progress)); // tells its start, if that is new
        then(async () => print(await logsOf(step)));
        then(() => lines.onChange([step], progress));
      }
      then(() => {
        lines.onChange(steps, progress); // nothing is told twice
        for (const { id, started_at } of steps) if (started_at !== undefined) told.add(id);
      });
    },
    onLive(live: ReadonlyMap<string, LiveStep>) {
      const before = running;
      running = [...live.keys()].map((name) => name.split('~', 1)[0]!);
      const names = [...before, ...running];
      // Those that have just ended, too: a foreach says nothing of the ends of its instances.
      then(() => print(names.filter((name) => told.has(ownerOf(name)))));
      then(() => lines.onLive(live));
    },
    onSilence: (silent, error) => then(() => lines.onSilence(silent, error)),
    async close(ended) {
      if (ended !== undefined) then(async () => print(await stepsWithLogs(stateDir, runId), true));
      await work;
    },
  };

  /** The logs of a step that has ended; of a `foreach` those of all its instances. */
  async function logsOf({ id }: StepView): Promise<string[]> {
    if (!lists.has(id)) return [id];
    const all = (await stepsWithLogs(stateDir, runId)).filter((name) => ownerOf(name) === id);
    return all.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }
}

function ownerOf(name: string): string {
  return splitInstanceName(name)?.step ?? name;
}

/** Does something after something else. A log that cannot be read is no reason to lose the run from sight. */
async function inTurn(before: Promise<void>, task: () => Promise<void> | void): Promise<void> {
  await before;
  try {
    await task();
  } catch {
    // the next time, maybe
  }
}
