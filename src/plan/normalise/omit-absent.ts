/** Leaves out what is absent, so that `key in object` means that there is a value. */
export function given<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // Keys are written where this is called, so none of them can be a trap; this runs for every step.
  const present: Record<string, unknown> = {};
  for (const key in values) if (values[key] !== undefined && values[key] !== null) present[key] = values[key];
  return present as { [K in keyof T]?: NonNullable<T[K]> };
}
