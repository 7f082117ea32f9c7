import type { StarterOptions } from '../client/scheduled-starts.js';
import type { ScheduledStarts } from '../contract/schedule-messages.js';

/** What a worker does for schedules. Its code is loaded when the first one is due: most workers have none. */
export function scheduledStarts(options: Omit<StarterOptions, 'convert'>): ScheduledStarts {
  let loaded: Promise<ScheduledStarts> | undefined;
  const starts = (): Promise<ScheduledStarts> => (loaded ??= load(options));
  return {
    start: async (by) => (await starts()).start(by),
    endOf: async (run, signal) => (await starts()).endOf(run, signal),
    cancel: async (run, by) => (await starts()).cancel(run, by),
  };
}

async function load(options: Omit<StarterOptions, 'convert'>): Promise<ScheduledStarts> {
  const [{ createScheduledStarts }, { createConverter }] = await Promise.all([
    import('../client/scheduled-starts.js'),
    import('../formats/index.js'),
  ]);
  return createScheduledStarts({ ...options, convert: createConverter() });
}
