import type { CliContext } from '../context.js';
import type { StepView } from '../../contract/run-messages.js';
import { paint } from '../terminal.js';
import { fewSteps, leftText } from './few-steps.js';
import { forPeople } from './format.js';
import { liveFrame, widestName, type AddressOf, type Screen } from './live-frame.js';
import type { LiveRun } from './live-state.js';
import { idWidth, silenceLine, stepLine, type ProgressReporter } from './progress.js';
import { drawnOver, repaint, type Drawn } from './repaint.js';
import { gatherAlike } from './why.js';

const REDRAW_MS = 200;
/** Steps that stay on the screen once the run has ended. */
const LISTED = 40;
/** Where a terminal does not say how large it is. */
const USUAL: Screen = { columns: 80, rows: 24 };

/** On a terminal: one block of lines, redrawn in place, and at the end the list of what the steps came to. */
export function liveReporter(context: CliContext, run: LiveRun, addressOf: AddressOf): ProgressReporter {
  const { stderr } = context.raw;
  const widest = widestName(run);
  let drawn: Drawn | undefined;
  const show = (lines: readonly string[], { columns, rows }: Screen): void => {
    const next = { lines: lines.map(paint), columns, rows };
    const codes = repaint(drawn, next);
    if (codes !== '') stderr.write(codes);
    drawn = drawnOver(drawn, next);
  };
  const draw = (): void => {
    const screen = screenOf(stderr);
    show(liveFrame(context.colors, run, { ...screen, widest, now: Date.now(), addressOf }), screen);
  };
  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  stderr.on('resize', draw);
  return {
    onChange: (steps, progress) => run.take(steps, progress),
    onSilence(silent, error) {
      run.silence = silent ? silenceLine(true, error).trimEnd() : undefined;
    },
    onLive(now) {
      run.live = now;
    },
    close(ended) {
      clearInterval(timer);
      stderr.off('resize', draw);
      if (ended === undefined) draw();
      else show([], screenOf(stderr));
      if (ended !== undefined) context.note(endList(context, ended, (step) => addressOf(run, step)));
    },
  };
}

/** What a run's steps came to; of a large one those that need a look. */
function endList(
  context: CliContext,
  ended: Parameters<ProgressReporter['close']>[0] & object,
  addressOf: (step: StepView) => string | undefined,
): string {
  const odd =
    ended.length <= LISTED ? ended : ended.filter(({ status }) => status !== 'success' && status !== 'skipped');
  const { shown } = fewSteps(odd, LISTED);
  const listed = new Set(shown);
  const left = ended.filter((step) => !listed.has(step));
  const width = idWidth(shown.map(({ id }) => id));
  const lines = gatherAlike(forPeople(shown)).map(({ first, others }) =>
    stepLine(context, first, others, width, addressOf(first)),
  );
  if (left.length > 0 && shown.length > 0) lines.push(leftText(left));
  return lines.map((line) => `${line}\n`).join('');
}

function screenOf(stream: CliContext['raw']['stderr']): Screen {
  const { columns, rows } = stream as Partial<Screen>;
  return { columns: columns || USUAL.columns, rows: rows || USUAL.rows };
}
