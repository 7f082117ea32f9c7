import type { ManifestStep } from '../../../journal/index.js';

/** A sign for each status: colour alone does not tell everybody. */
export const GLYPHS: Readonly<Record<ManifestStep['status'], string>> = {
  pending: '○',
  running: '▶',
  waiting: '◷',
  success: '✓',
  warning: '!',
  failed: '✗',
  skipped: '–',
  canceled: '■',
};

/** Milliseconds since the epoch; undefined where there is no time. */
export function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}
