import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those take longest. Begun last, they would run alone. */
const SLOW = [
  'attack',
  'first-message',
  'hosts',
  'agents-hostile',
  'watcher',
  'open-runs',
  'new-history',
  'continued-agents',
  'loop-crash',
  'crash',
  'loop-roles',
  'run-folders-and-processes',
  'chaos',
  'agents',
  'run-plan',
  'agents-ends',
  'loop-agents',
];

/** Begins with the test files that take longest; the others follow in vitest's own order. */
export default class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = SLOW.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return place < 0 ? SLOW.length : place;
}
