import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration } from '../basics/duration.js';
import { GLYPHS } from './glyphs.js';
import { Pages, Status } from './parts.js';
import { tookOf, whyOf, type ShownRun, type ShownStep } from './run-state.js';

/** Rows that are shown at once: a browser takes long to lay out more, and nobody reads them. */
const SIZE = 100;

interface Choosing {
  chosen: string | undefined;
  onChoose: (step: string) => void;
}

/** The steps of a run: all, or those of a status, or that a text is found in. */
export function StepTable({ run, chosen, onChoose }: { run: ShownRun } & Choosing): JSX.Element {
  const [status, setStatus] = useState<string>();
  const [text, setText] = useState('');
  const [page, setPage] = useState(0);
  const words = text.toLowerCase();
  const found = run.steps.filter(
    (step) => (status === undefined || step.status === status) && searched(step).includes(words),
  );
  const at = Math.min(page, Math.max(0, Math.ceil(found.length / SIZE) - 1));
  const now = Date.now() + run.ahead;
  return (
    <>
      <div class="filters">
        <Counts counts={run.about.counts} chosen={status} onChoose={setStatus} />
        <label class="search">
          <span class="hidden">Search steps</span>
          <input
            type="search"
            data-search
            placeholder="Search steps"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      </div>
      <table class="steps">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col" class="number wide">
              Attempts
            </th>
            <th scope="col" class="wide">
              What happened
            </th>
          </tr>
        </thead>
        <tbody>
          {found.slice(at * SIZE, (at + 1) * SIZE).map((step) => (
            <Row key={step.id} step={step} now={now} isChosen={step.id === chosen} onChoose={onChoose} />
          ))}
        </tbody>
      </table>
      {found.length === 0 && <p class="dim">No steps</p>}
      <Pages page={at} size={SIZE} total={found.length} onPage={setPage} />
    </>
  );
}

function Row({
  step,
  now,
  isChosen,
  onChoose,
}: {
  step: ShownStep;
  now: number;
  isChosen: boolean;
  onChoose: (step: string) => void;
}): JSX.Element {
  const took = tookOf(step, now);
  const why = whyOf(step);
  return (
    <tr class={isChosen ? 'chosen' : ''} onClick={() => onChoose(step.id)}>
      <td class="id">
        <button type="button" class="link">
          {step.id}
        </button>
        {step.look?.name !== undefined && <div class="dim">{step.look.name}</div>}
      </td>
      <td>
        <Status status={step.status} />
        {why !== '' && <div class="dim narrow">{why}</div>}
      </td>
      <td class="number">{took === undefined ? '' : duration(took)}</td>
      <td class="number wide">{step.attempts || ''}</td>
      <td class="why wide">{why}</td>
    </tr>
  );
}

function Counts({
  counts,
  chosen,
  onChoose,
}: {
  counts: Readonly<Record<string, number>>;
  chosen: string | undefined;
  onChoose: (status: string | undefined) => void;
}): JSX.Element {
  return (
    <div class="counts" role="group" aria-label="Show only steps with a status">
      {Object.entries(GLYPHS)
        .filter(([status]) => (counts[status] ?? 0) > 0 || status === chosen)
        .map(([status, glyph]) => (
          <button
            type="button"
            key={status}
            class={`count ${status}`}
            aria-pressed={status === chosen}
            onClick={() => onChoose(status === chosen ? undefined : status)}
          >
            {glyph} {counts[status] ?? 0} {status}
          </button>
        ))}
    </div>
  );
}

function searched(step: ShownStep): string {
  const { id, group = '', tags = [], look } = step;
  return [id, look?.name ?? '', group, ...tags].join(' ').toLowerCase();
}
