import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { duration } from '../basics/duration.js';
import type { ListAnswer, RunLine, WaitingLine } from './api.js';
import { usePoll, useTitle } from './hooks.js';
import { Link, Status, Trouble } from './parts.js';
import { ask } from './server.js';

const POLL_MS = 3000;
const MORE = 100;

/** The first page: what waits for a person, and the runs. */
export function RunList({ onError }: { onError: (error: unknown) => boolean }): JSX.Element {
  const [list, setList] = useState<ListAnswer>();
  const [error, setError] = useState<unknown>();
  const [limit, setLimit] = useState(50);
  const [text, setText] = useState('');
  useTitle(list?.waiting.length ? `(${list.waiting.length}) orch` : 'orch');
  usePoll(async () => {
    try {
      setList(await ask<ListAnswer>('/api/runs', { limit }));
      setError(undefined);
    } catch (failure) {
      if (onError(failure)) return undefined;
      setError(failure);
    }
    return POLL_MS;
  }, `list ${limit}`);
  if (list === undefined) return error === undefined ? <p class="dim">Loading</p> : <Trouble error={error} />;
  const words = text.toLowerCase();
  const runs = list.runs.filter((run) => searched(run).includes(words));
  return (
    <>
      <Trouble error={error} />
      <Waiting waiting={list.waiting} />
      <h1>Runs</h1>
      <label class="search">
        <span class="hidden">Search runs</span>
        <input
          type="search"
          data-search
          placeholder="Search by id, plan, status or tag"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      {runs.length === 0 ? <p class="dim">No runs</p> : <Runs runs={runs} />}
      {list.more && (
        <button type="button" onClick={() => setLimit(limit + MORE)}>
          Show more
        </button>
      )}
    </>
  );
}

function Waiting({ waiting }: { waiting: readonly WaitingLine[] }): JSX.Element | null {
  if (waiting.length === 0) return null;
  return (
    <section class="waits" aria-label="Waits for a person">
      <h1>Waits for a person</h1>
      <ul>
        {waiting.map(({ run_id, step, question, since }) => (
          <li key={`${run_id} ${step ?? ''}`}>
            <Link to={runLink(run_id, step)}>
              {run_id}
              {step !== undefined && ` · ${step}`}
            </Link>
            <span class="question">{question}</span>
            {since !== undefined && <span class="dim">{duration(Date.now() - since)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Runs({ runs }: { runs: readonly RunLine[] }): JSX.Element {
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Status</th>
          <th scope="col" class="wide">
            Started
          </th>
          <th scope="col" class="number">
            Took
          </th>
          <th scope="col" class="wide">
            By
          </th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <tr key={run.run_id}>
            <td class="id">
              <Link to={runLink(run.run_id)}>{run.run_id}</Link>
              <div class="dim">{[run.plan_id, run.project, ...(run.tags ?? [])].filter(Boolean).join(' · ')}</div>
            </td>
            <td>
              <Status status={run.status} />
              {run.progress !== undefined && <div class="dim">{run.progress}</div>}
            </td>
            <td class="wide">
              <time dateTime={new Date(run.started_at).toISOString()}>{new Date(run.started_at).toLocaleString()}</time>
            </td>
            <td class="number">{duration((run.finished_at ?? Date.now()) - run.started_at)}</td>
            <td class="wide">{run.started_by}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The address of a run, or of a step of it. */
export function runLink(runId: string, step?: string): string {
  const at = step === undefined ? '' : `?step=${encodeURIComponent(step)}`;
  return `/runs/${encodeURIComponent(runId)}${at}`;
}

function searched({ run_id, plan_id, status, project = '', tags = [] }: RunLine): string {
  return [run_id, plan_id, status, project, ...tags].join(' ').toLowerCase();
}
