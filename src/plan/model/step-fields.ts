import type { Step } from './plan.js';

/** Gives the step's field at a place of the list. */
type Field<T> = (place: number) => T;

/** A list of steps that are made only where somebody looks at them, as it knows their fields without that. */
export interface StepFields {
  field(key: keyof Step): Field<unknown>;
  /** The type of its action. */
  kind(): Field<unknown>;
}

const known = new WeakMap<readonly Step[], StepFields>();

/** Notes what is known of the steps of a list without a look at them. */
export function rememberFields(steps: readonly Step[], fields: StepFields): void {
  known.set(steps, fields);
}

/** One field of all steps, for whoever needs no more: a plan may have a hundred thousand that nobody looks at otherwise. */
export function stepField<K extends keyof Step>(steps: readonly Step[], key: K): Field<Step[K]> {
  return (known.get(steps)?.field(key) as Field<Step[K]> | undefined) ?? ((place) => steps[place]![key]);
}

/** The types of all actions, as {@link stepField} gives a field. */
export function stepKind(steps: readonly Step[]): Field<Step['action']['type']> {
  const kinds = known.get(steps)?.kind() as Field<Step['action']['type']> | undefined;
  return kinds ?? ((place) => steps[place]!.action.type);
}

/** Whether any step has a field. */
export function isSomewhere(steps: readonly Step[], key: keyof Step): boolean {
  const field = stepField(steps, key);
  for (let place = 0; place < steps.length; place += 1) if (field(place) !== undefined) return true;
  return false;
}
