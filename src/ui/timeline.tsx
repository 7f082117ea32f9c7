import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration } from '../basics/duration.js';
import { Pages } from './parts.js';
import type { ShownRun, ShownStep } from './run-state.js';

const SIZE = 100;
const TICKS = 5;

/** When each step ran, those that began first above. */
export function Timeline({ run, onChoose }: { run: ShownRun; onChoose: (step: string) => void }): JSX.Element {
  const [page, setPage] = useState(0);
  const { started_at: from, finished_at } = run.about;
  const to = Math.max(from + 1, finished_at ?? Date.now() + run.ahead);
  const begun = run.steps.filter((step) => step.started_at !== undefined).sort((a, b) => a.started_at! - b.started_at!);
  if (begun.length === 0) return <p class="dim">No step has started</p>;
  const ticks = Array.from({ length: TICKS }, (_, i) => ((to - from) * i) / (TICKS - 1));
  return (
    <>
      <div class="timeline">
        <div class="axis" aria-hidden="true">
          {ticks.map((tick) => (
            <span key={tick}>{to - from < 5000 ? `${Math.round(tick)} ms` : duration(tick)}</span>
          ))}
        </div>
        <ul>
          {begun.slice(page * SIZE, (page + 1) * SIZE).map((step) => (
            <Bar key={step.id} step={step} from={from} to={to} onChoose={onChoose} />
          ))}
        </ul>
      </div>
      <Pages page={page} size={SIZE} total={begun.length} onPage={setPage} />
    </>
  );
}

function Bar({
  step: { id, status, started_at = 0, finished_at },
  from,
  to,
  onChoose,
}: {
  step: ShownStep;
  from: number;
  to: number;
  onChoose: (step: string) => void;
}): JSX.Element {
  const share = (time: number): number => Math.min(100, Math.max(0, ((time - from) / (to - from)) * 100));
  const left = Math.min(99.6, share(started_at));
  const width = Math.max(0.4, share(finished_at ?? to) - left);
  const told = `${id}: ${status}, began after ${duration(started_at - from)}, took ${duration((finished_at ?? to) - started_at)}`;
  return (
    <li>
      <button type="button" class="link" title={told} aria-label={told} onClick={() => onChoose(id)}>
        {id}
      </button>
      <span class="track">
        <span class={`bar ${status}`} style={{ marginLeft: `${left}%`, width: `${width}%` }} />
      </span>
    </li>
  );
}
