/**
 * How many cases a property is tried with: `usual` in the suite, which should stay short; `PROPERTY_RUNS=20 npx vitest run
 * test/plan` tries twenty times as many.
 */
export function propertyRuns(usual: number): number {
  return Math.ceil(usual * Number(process.env['PROPERTY_RUNS'] ?? 1));
}
