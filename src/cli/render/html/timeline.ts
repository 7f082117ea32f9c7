import type { Manifest, ManifestStep } from '../../../journal/index.js';
import { duration } from '../format.js';
import { escapeHtml, shorten } from './escape.js';
import { timeOf } from './time.js';

const ROW = 22;
const AXIS = 24;
const TICKS = 5;
/** Steps in the picture; those that took longest. */
const MAX_ROWS = 2000;
/** Executions that are drawn of one step. */
const MAX_RUNS = 500;

/**
 * When each step ran, as SVG: names on the left, bars on the right. The bars are placed in per cent, so that they take
 * the width that there is while text keeps its size.
 */
export function timelineSvg(manifest: Manifest): string {
  const started = manifest.steps.filter((step) => step.started_at !== null);
  const rows = started.length > MAX_ROWS ? slowest(started) : started;
  const start = timeOf(manifest.started_at) ?? 0;
  const end = Math.max(start + 1, timeOf(manifest.finished_at) ?? latest(rows, start));
  if (rows.length === 0) return '<p class="note">No step has started.</p>';
  rows.sort((a, b) => timeOf(a.started_at)! - timeOf(b.started_at)!);
  const height = AXIS + rows.length * ROW;
  const at = (time: number): number => Math.min(100, Math.max(0, ((time - start) / (end - start)) * 100));
  const names = rows.map((step, i) => name(step, i)).join('');
  const bars = rows.map((step, i) => bar(step, i, at, end)).join('');
  const left = started.length - rows.length;
  const note =
    left > 0 ? `<p class="note">The ${rows.length} steps that took longest are shown; ${left} are not.</p>` : '';
  return `<div class="scroll timeline"><svg class="names" width="180" height="${height}" role="img" aria-label="Names of the steps">${names}</svg><svg class="bars" width="100%" height="${height}" role="img" aria-label="Timeline of the steps">${axis(end - start, height)}${bars}</svg></div>${note}`;
}

function slowest(steps: readonly ManifestStep[]): ManifestStep[] {
  return steps
    .map((step) => ({ step, took: (timeOf(step.finished_at) ?? Date.now()) - timeOf(step.started_at)! }))
    .sort((a, b) => b.took - a.took)
    .slice(0, MAX_ROWS)
    .map(({ step }) => step);
}

function latest(rows: readonly ManifestStep[], start: number): number {
  return rows.reduce((most, step) => Math.max(most, timeOf(step.finished_at) ?? timeOf(step.started_at) ?? 0), start);
}

function name(step: ManifestStep, row: number): string {
  const text = escapeHtml(shorten(step.id, 24));
  return `<text x="0" y="${AXIS + row * ROW + ROW / 2}" dominant-baseline="central"><title>${escapeHtml(step.id)}</title>${text}</text>`;
}

/** The whole time of a step, and in it each of its executions. */
function bar(step: ManifestStep, row: number, at: (time: number) => number, end: number): string {
  const y = AXIS + row * ROW + 4;
  const from = timeOf(step.started_at)!;
  const to = timeOf(step.finished_at) ?? end;
  const title = escapeHtml(`${step.id}: ${step.status} after ${duration(to - from)}`);
  const whole = box(at(from), at(to), y, ROW - 8, `span ${step.status}`);
  const runs = (step.instances ?? [step]).flatMap((part) => part.attempts).slice(0, MAX_RUNS);
  const parts = runs.map((attempt) => {
    const [began, ended] = [timeOf(attempt.started_at), timeOf(attempt.finished_at)];
    if (began === undefined || ended === undefined) return '';
    return box(at(began), at(ended), y + 2, ROW - 12, `run ${attempt.status}`);
  });
  return `<g><title>${title}</title>${whole}${parts.join('')}</g>`;
}

function box(from: number, to: number, y: number, height: number, kind: string): string {
  const width = Math.max(0.15, to - from);
  return `<rect class="${kind}" x="${Math.min(from, 100 - width).toFixed(3)}%" y="${y}" width="${width.toFixed(3)}%" height="${height}" rx="2"/>`;
}

function axis(total: number, height: number): string {
  return Array.from({ length: TICKS }, (_, i) => {
    const x = `${(i * 100) / (TICKS - 1)}%`;
    const anchor = i === 0 ? 'start' : i === TICKS - 1 ? 'end' : 'middle';
    const label = moment((total * i) / (TICKS - 1), total);
    return `<line class="tick" x1="${x}" x2="${x}" y1="18" y2="${height}"/><text class="tick" x="${x}" y="12" text-anchor="${anchor}">${label}</text>`;
  }).join('');
}

/** Ticks of a short run would all be the same tenth of a second. */
function moment(ms: number, total: number): string {
  return total < 5000 ? `${Math.round(ms)} ms` : duration(ms);
}
