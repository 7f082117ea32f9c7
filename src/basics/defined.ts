/** The same values, of which those that may be undefined may be absent instead. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * Leaves out what is undefined, and keeps the order of the rest.
 *
 * An optional property is absent or has a value, nothing between (`exactOptionalPropertyTypes`): the difference shows in
 * defaults that are spread, in lists of keys and in what is written down. `null`, `false`, 0 and `''` are values.
 *
 * @example
 * const view = { id, ...defined({ reason, exit_code: report?.exit_code }) };
 */
export function defined<T extends object>(values: T): Defined<T> {
  // Keys are written where this is called, so none of them can be a trap. This runs for every step and event.
  const present: Record<string, unknown> = {};
  for (const key in values) if (values[key] !== undefined) present[key] = values[key];
  return present as Defined<T>;
}
