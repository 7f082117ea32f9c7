import type { Column } from './columns.js';

/** Names, and a number for each. */
export interface CarriedCounts {
  names: string[];
  counts: Column;
}
