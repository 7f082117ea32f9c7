import type { RunAbout } from '../journal/index.js';
import { createRedactor } from '../secrets/index.js';

const redactor = createRedactor();

/**
 * What a run is, and its plan, as they stand in files and are exported: without what looks like a secret, in titles,
 * prompts and wherever else somebody has written one. What runs is not changed.
 */
export function cleanRecord<T extends { about: RunAbout; plan: unknown }>(record: T): T {
  return { ...record, about: redactor.json(record.about), plan: redactor.json(record.plan) };
}
