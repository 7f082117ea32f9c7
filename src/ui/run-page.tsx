import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration } from '../basics/duration.js';
import type { RunAnswer } from './api.js';
import { Decision } from './decision.js';
import { Graph } from './graph.js';
import { useTitle } from './hooks.js';
import { Link, Status, Trouble } from './parts.js';
import { RunActions } from './run-actions.js';
import { runLink } from './run-list.js';
import { asksPerson, useRun, type ShownRun } from './run-state.js';
import { StepPanel } from './step-panel.js';
import { StepTable } from './step-table.js';
import { Tabs } from './tabs.js';
import { Timeline } from './timeline.js';

/** Questions that are answered above the steps; the table has the others. */
const MOST_ASKED = 5;

/** A run, as it goes. */
export function RunPage({ runId, onError }: { runId: string; onError: (error: unknown) => boolean }): JSX.Element {
  const { run, plan, error } = useRun(runId, onError);
  const [chosen, setChosen] = useState(() => new URLSearchParams(location.search).get('step') ?? undefined);
  const [said, setSaid] = useState('');
  const [trouble, setTrouble] = useState<unknown>();
  useTitle(run === undefined ? runId : `${runId} ${run.about.status}`);
  useEffect(() => {
    history.replaceState(null, '', runLink(runId, chosen));
  }, [chosen]);
  if (run === undefined) return error === undefined ? <p class="dim">Loading</p> : <Trouble error={error} />;
  const { about, steps } = run;
  const step = steps.find(({ id }) => id === chosen);
  const onDone = (text: string): void => {
    setSaid(text);
    setTrouble(undefined);
  };
  const asking = about.finished_at === undefined ? steps.filter(asksPerson) : [];
  return (
    <>
      <Trouble error={error} />
      <Head run={run} />
      <RunActions about={about} onDone={onDone} onError={setTrouble} />
      <Trouble error={trouble} />
      <p class="said" role="status">
        {said}
      </p>
      {asking.slice(0, MOST_ASKED).map((each) => (
        <section class="waits" key={each.id} aria-label={`Step ${each.id} waits for you`}>
          <h2>
            <button type="button" class="link" onClick={() => setChosen(each.id)}>
              {each.id}
            </button>{' '}
            waits for you
          </h2>
          <Decision runId={runId} step={each} decider={plan?.decider} onDone={onDone} onError={setTrouble} />
        </section>
      ))}
      <Tabs
        tabs={[
          { id: 'steps', title: 'Steps', show: () => <StepTable run={run} chosen={chosen} onChoose={setChosen} /> },
          {
            id: 'graph',
            title: 'Graph',
            show: () => <Graph run={run} drawing={plan?.drawing} chosen={chosen} onChoose={setChosen} />,
          },
          { id: 'timeline', title: 'Timeline', show: () => <Timeline run={run} onChoose={setChosen} /> },
        ]}
      />
      {step !== undefined && (
        <StepPanel
          key={step.id}
          run={run}
          step={step}
          decider={plan?.decider}
          onClose={() => setChosen(undefined)}
          onDone={onDone}
          onError={setTrouble}
        />
      )}
    </>
  );
}

function Head({ run: { about, ahead } }: { run: ShownRun }): JSX.Element {
  const { run_id, status, started_at, finished_at, web_ui, parent_run_id: parent } = about;
  const took = duration((finished_at ?? Date.now() + ahead) - started_at);
  return (
    <header class="head">
      <h1>
        {run_id} <Status status={status} />
      </h1>
      <p class="dim">
        {[about.plan_id, about.project, ...(about.tags ?? []), about.started_by && `started by ${about.started_by}`]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <p>
        {ended(about)} of {about.total_steps} steps ended · <span class="number">{took}</span> ·{' '}
        <time dateTime={new Date(started_at).toISOString()}>{new Date(started_at).toLocaleString()}</time>
        {parent !== undefined && (
          <>
            {' '}
            · part of <Link to={runLink(parent)}>{parent}</Link>
          </>
        )}
        {web_ui !== undefined && (
          <>
            {' '}
            ·{' '}
            <a href={web_ui} target="_blank" rel="noreferrer">
              Temporal
            </a>
          </>
        )}
      </p>
      {about.silence !== undefined && <p class="trouble">{about.silence}</p>}
      {about.waits_for !== undefined && <p class="note">The run {about.waits_for}</p>}
      {about.recommendations?.map((each) => (
        <p class="note" key={each}>
          {each}
        </p>
      ))}
      <Outputs outputs={about.outputs} />
    </header>
  );
}

function Outputs({ outputs = {} }: Pick<RunAnswer, 'outputs'>): JSX.Element | null {
  if (Object.keys(outputs).length === 0) return null;
  return (
    <details>
      <summary>Outputs</summary>
      <pre tabIndex={0}>{JSON.stringify(outputs, null, 2)}</pre>
    </details>
  );
}

function ended({ counts }: RunAnswer): number {
  return counts.success + counts.warning + counts.failed + counts.skipped + counts.canceled;
}
