import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { LogLine, LogsAnswer } from './api.js';
import { usePoll } from './hooks.js';
import { Trouble } from './parts.js';
import { ask, runPath } from './server.js';

/** Lines that are kept, the latest ones. */
const MOST_LINES = 5000;
const POLL_MS = 700;
/** Pixels from the end within which new lines are scrolled to. */
const NEAR = 40;

interface Shown {
  lines: readonly LogLine[];
  /** Lines that were taken out above. */
  dropped: number;
  last?: LogsAnswer;
}

/** What a step printed, and prints. */
export function Logs({ runId, step, open }: { runId: string; step: string; open: boolean }): JSX.Element {
  const [source, setSource] = useState(step);
  const [attempt, setAttempt] = useState<number>();
  const [known, setKnown] = useState<LogsAnswer>();
  const sources = known?.sources ?? [];
  return (
    <section class="logs" aria-label="Logs">
      <div class="buttons">
        <h3>Logs</h3>
        {sources.length > 1 && (
          <Choice name="Item" value={known?.source ?? source} values={sources} onValue={setSource} />
        )}
        {(known?.attempts.length ?? 0) > 1 && (
          <Choice
            name="Attempt"
            value={String(known?.attempt)}
            values={known!.attempts.map(String)}
            onValue={(value) => setAttempt(Number(value))}
          />
        )}
      </div>
      <Lines key={`${source} ${attempt ?? ''}`} {...{ runId, source, attempt, open }} onAnswer={setKnown} />
    </section>
  );
}

function Lines({
  runId,
  source,
  attempt,
  open,
  onAnswer,
}: {
  runId: string;
  source: string;
  attempt: number | undefined;
  open: boolean;
  onAnswer: (answer: LogsAnswer) => void;
}): JSX.Element {
  const [shown, setShown] = useState<Shown>({ lines: [], dropped: 0 });
  const [error, setError] = useState<unknown>();
  const last = useRef<LogsAnswer | undefined>(undefined);
  const stillOpen = useRef(open);
  stillOpen.current = open;
  const box = useRef<HTMLDivElement>(null);
  const near = useRef(true);
  usePoll(
    async () => {
      const before = last.current?.source === undefined ? undefined : last.current;
      const asked = { step: before?.source ?? source, attempt: attempt ?? before?.attempt, ...before?.place };
      try {
        const answer = await ask<LogsAnswer>(runPath(runId, 'logs'), asked);
        last.current = before === undefined ? answer : { ...answer, skipped: before.skipped };
        const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
        near.current = scrollHeight - clientHeight - scrollTop < NEAR;
        setShown((old) => withLines(old, last.current!));
        setError(undefined);
        onAnswer({ ...answer, sources: before?.sources ?? answer.sources });
        if (answer.more) return 0;
        const newer = attempt === undefined && (answer.attempts.at(-1) ?? 0) > (answer.attempt ?? 0);
        if (answer.over && newer) last.current = undefined;
        return answer.over && !newer && !stillOpen.current ? undefined : POLL_MS;
      } catch (failure) {
        setError(failure);
        return 3 * POLL_MS;
      }
    },
    `${runId} ${source} ${attempt ?? ''}`,
  );
  useLayoutEffect(() => {
    if (near.current) box.current?.scrollTo(0, box.current.scrollHeight);
  }, [shown]);
  const { lines, dropped, last: answer } = shown;
  if (answer !== undefined && answer.source === undefined) return <p class="dim">No logs on this machine</p>;
  return (
    <>
      <Trouble error={error} />
      {answer !== undefined && answer.skipped > 0 && (
        <p class="dim">
          The first {answer.skipped} bytes are left out; <code>orch logs</code> shows them
        </p>
      )}
      {dropped > 0 && <p class="dim">The first {dropped} lines are not shown any more</p>}
      <div class="lines" ref={box} role="log" tabIndex={0} aria-label={`Output of ${source}`}>
        {lines.map((line, index) => (
          <div key={dropped + index} class={line.stream}>
            {line.text === '' ? ' ' : line.text}
          </div>
        ))}
      </div>
      {lines.length === 0 && <p class="dim">Nothing printed yet</p>}
    </>
  );
}

function withLines(old: Shown, answer: LogsAnswer): Shown {
  const other = old.last?.attempt !== answer.attempt || old.last?.source !== answer.source;
  const all = other ? answer.lines : [...old.lines, ...answer.lines];
  const over = Math.max(0, all.length - MOST_LINES);
  return { lines: all.slice(over), dropped: (other ? 0 : old.dropped) + over, last: answer };
}

function Choice({
  name,
  value,
  values,
  onValue,
}: {
  name: string;
  value: string;
  values: readonly string[];
  onValue: (value: string) => void;
}): JSX.Element {
  return (
    <label class="choice">
      {name}
      <select value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {values.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
