import type { ScheduleDefinition } from '../contract/schedule-messages.js';

/** Fields of a definition that make no difference. */
const NO_CHANGE: ReadonlySet<string> = new Set(['schedule_version', 'id', 'created_by', 'created_at']);

/** What a schedule would do otherwise than before: names of fields, those of inputs and variables one by one. */
export function scheduleChanges(before: ScheduleDefinition, after: ScheduleDefinition): string[] {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof ScheduleDefinition>;
  return [...fields].flatMap((field) => {
    if (NO_CHANGE.has(field) || isSame(before[field], after[field])) return [];
    if (field === 'inputs' || field === 'env') return changedNames(field, before[field], after[field]);
    return [field === 'pinned' && before.pinned && after.pinned ? 'the plan' : field];
  });
}

function changedNames(
  field: 'inputs' | 'env',
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const word = field === 'inputs' ? 'the input' : 'the variable';
  return [...names].filter((name) => !isSame(before[name], after[name])).map((name) => `${word} ${name}`);
}

/** Compared as JSON, which is how both travel. */
function isSame(first: unknown, second: unknown): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}
