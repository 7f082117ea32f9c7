import { suggest } from './suggest.js';

/** Steps that are named where none is near. */
const MOST_NAMED = 5;

/** That a plan has no such step, and which may have been meant. */
export function noStep(step: string, ids: readonly string[]): string {
  const near = suggest(step, ids);
  const more = ids.length - MOST_NAMED;
  const named = `${ids.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `The plan has no step '${step}'; ${near === undefined ? `it has ${named}` : `did you mean '${near}'?`}`;
}
