import { defined } from '../../basics/defined.js';
import type { Json } from '../model/values.js';
import { readPlanForms } from '../schema/plan-forms.js';
import type { SourcePlan } from '../schema/plan.js';
import type { Overlap, Timing } from '../schedule/timing.js';

/** What a plan says of when it is to be started. */
interface PlannedSchedule {
  name: string;
  timing: Timing;
  pinned: boolean;
  inputs: Readonly<Record<string, Json>>;
  overlap?: Overlap;
  catchUpSec?: number;
}

/** The schedule that stands in a plan; undefined where it has none. @param written a document that was checked */
export function plannedSchedule(written: unknown): PlannedSchedule | undefined {
  const { plan_id, schedule } = readPlanForms(written) as SourcePlan;
  if (schedule === undefined || schedule === null) return undefined;
  const { name, cron, every_sec, timezone, overlap, catch_up_sec, pinned, inputs } = schedule;
  return {
    name: name ?? plan_id,
    timing: defined({
      cron: cron ?? undefined,
      every_sec: every_sec ?? undefined,
      timezone: timezone ?? undefined,
    }),
    pinned: pinned ?? false,
    inputs: (inputs ?? {}) as Readonly<Record<string, Json>>,
    ...defined({ overlap: overlap ?? undefined, catchUpSec: catch_up_sec ?? undefined }),
  };
}
