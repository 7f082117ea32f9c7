import type { Colors } from 'picocolors/types.js';
import type { StepView } from '../../contract/run-messages.js';
import { oneLine } from './format.js';
import { liveRow, type LiveRow } from './live-row.js';
import type { LiveRun } from './live-state.js';
import { endedIn } from './progress.js';
import { unheardLines } from './unheard.js';
import type { Styles } from '../terminal.js';
import { column, fit, widthOf, wrapped } from './width.js';

/** Rows of a frame at most, however high the terminal is, and of the kinds in it. */
const MOST_ROWS = 30;
const MOST_FAILED = 5;
const MOST_LATEST = 3;
const MOST_OF_SUB_RUN = 4;
const MOST_OF_SILENCE = 3;
/** Columns of the names: at least, at most, and as a part of all. */
const NAMES = { least: 8, leastOfSubPlans: 26, most: 40, part: 1 / 3 };
const TIME_WIDTH = 7;
/** Columns that what a step says now needs at least, to be worth showing. */
const SAID_LEAST = 12;

/** Where a frame goes. */
export interface Screen {
  columns: number;
  rows: number;
}

/** Where one sees more of a step of a run. */
export type AddressOf = (run: LiveRun, step: StepView) => string | undefined;

/** Columns of the longest name of a run's steps. Looked up once, so that nothing moves sideways later. */
export function widestName(run: LiveRun): number {
  let widest = NAMES.least;
  for (const [id, { runsPlan }] of run.looks) {
    widest = Math.max(widest, widthOf(run.labelOf(id)), runsPlan ? NAMES.leastOfSubPlans : 0);
    if (widest >= NAMES.most) break;
  }
  return Math.min(widest, NAMES.most);
}

/** What a run does now, as lines that fit the screen: what ended last, what failed, what runs, what waits, and the sum. */
export function liveFrame(
  colors: Colors & Partial<Pick<Styles, 'link'>>,
  run: LiveRun,
  { widest, columns, rows, now, addressOf }: Screen & { widest: number; now: number; addressOf?: AddressOf },
): string[] {
  const width = columns - 1; // a line that is as wide as the terminal wraps in some
  const unheard = unheardLines(run.progress?.failed_notifications).slice(-1);
  const silence = run.silence === undefined ? [] : wrapped(run.silence, width, MOST_OF_SILENCE);
  const below = 1 + unheard.length + silence.length;
  const room = Math.max(1, Math.min(MOST_ROWS, rows - 1 - below));
  const names = Math.max(NAMES.least, Math.min(widest, Math.floor(columns * NAMES.part)));
  const chosen = chosenSteps(run);
  const lines: string[] = [];
  let shown = 0;
  for (const { step, of, depth } of chosen) {
    const link = (text: string): string => colors.link?.(text, addressOf?.(of, step)) ?? text;
    const block = rowLines(colors, liveRow(of, step, now), { names, width, depth, link });
    const last = shown === chosen.length - 1;
    if (lines.length + block.length > room - (last ? 0 : 1)) break; // there must be room to say how many are left
    lines.push(...block);
    shown += 1;
  }
  const left = chosen.length - shown;
  if (left > 0) lines.push(colors.dim(fit(`  … and ${left} more`, width)));
  for (const line of unheard) lines.push(colors.yellow(fit(line, width)));
  for (const line of silence) lines.push(colors.yellow(line));
  lines.push(sumLine(colors, run, width, now));
  return lines;
}

interface Chosen {
  step: StepView;
  of: LiveRun;
  depth: number;
}

/** What needs a person stands at the end, next to the sum; where not all fit it goes first, so it is put there later. */
function chosenSteps(run: LiveRun, depth = 0): Chosen[] {
  const active = inPlanOrder(run);
  const asking = active.filter(({ status }) => status === 'waiting');
  const running = active.filter(({ status }) => status !== 'waiting');
  const failed = [...run.failed.values()].slice(depth === 0 ? -MOST_FAILED : -1);
  const latest = depth === 0 ? run.latest.slice(-MOST_LATEST) : [];
  const one = (step: StepView): Chosen[] => [{ step, of: run, depth }, ...subSteps(run, step, depth)];
  const chosen = [...latest.flatMap(one), ...failed.flatMap(one), ...asking.flatMap(one), ...running.flatMap(one)];
  return depth === 0 ? chosen : chosen.slice(0, MOST_OF_SUB_RUN);
}

function subSteps(run: LiveRun, { sub_runs = [], status }: StepView, depth: number): Chosen[] {
  const sub = status === 'running' ? run.subRuns.get(sub_runs.at(-1) ?? '') : undefined;
  return sub === undefined ? [] : chosenSteps(sub, depth + 1);
}

/** Steps that run or wait, as the plan lists them: then none changes its place while another comes or goes. */
function inPlanOrder(run: LiveRun): StepView[] {
  const steps = [...run.active.values()];
  return steps.sort((a, b) => run.placeOf(a.id) - run.placeOf(b.id));
}

function rowLines(
  colors: Colors,
  { sign, tone, label, time, text, command, said }: LiveRow,
  { names, width, depth, link }: { names: number; width: number; depth: number; link: (text: string) => string },
): string[] {
  const indent = '  '.repeat(depth);
  const head = `${indent}${sign} `;
  const name = column(oneLine(label), Math.max(1, names - indent.length));
  // The blanks behind a name are no part of its link: a terminal may underline that.
  const linked = name.replace(/^.*\S/u, link);
  const before = widthOf(head) + widthOf(name) + TIME_WIDTH + 3;
  const room = width - before;
  const styled = (rest: string): string =>
    `${indent}${colors[tone](sign)} ${linked} ${colors.dim(time.padStart(TIME_WIDTH))}  ${rest}`.trimEnd();
  if (room < 1) return [fit(`${head}${name}`, width)];
  const words = text.replaceAll('\t', ' ');
  if (command !== undefined) {
    if (widthOf(words) + widthOf(command) + 3 <= room) return [styled(`${words}   ${colors.bold(command)}`)];
    const below = Math.max(2, Math.min(before, width - widthOf(command)));
    return [styled(fit(words, room)), `${' '.repeat(below)}${colors.bold(fit(command, width - below))}`];
  }
  const shown = fit(words, room);
  const rest = room - widthOf(shown) - (shown === '' ? 0 : 2);
  if (said === undefined || rest < SAID_LEAST) return [styled(shown)];
  const gap = shown === '' ? '' : '  ';
  return [styled(`${shown}${gap}${colors.dim(fit(said.replaceAll('\t', ' '), rest))}`)];
}

/** `7/13 done · 1 failed · 3 running · 00:42` */
function sumLine(colors: Colors, run: LiveRun, width: number, now: number): string {
  const { counts, progress } = run;
  // A run that is silent may have begun long ago.
  const awaited = run.silence === undefined ? 'waiting for the run to begin' : 'waiting for the run to answer';
  if (progress === undefined) return colors.dim(fit(awaited, width));
  const parts = [
    ...(progress.status === 'running' || progress.status === 'pending' ? [] : [progress.status]),
    `${endedIn(counts)}/${progress.total_steps} done`,
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.running > 0 ? [`${counts.running} running`] : []),
    ...(counts.waiting > 0 ? [`${counts.waiting} waiting`] : []),
    clock((progress.finished_at ?? now) - progress.started_at),
    ...(progress.waits_for === undefined ? [] : [`the run ${oneLine(progress.waits_for)}`]),
  ];
  return colors.bold(fit(parts.join(' · '), width));
}

/** Time as a clock shows it: `00:42`, `1:02:03`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${twoDigits(minutes)}:${twoDigits(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
