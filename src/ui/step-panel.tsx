import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { duration } from '../basics/duration.js';
import type { Decider, ExplainAnswer, VerbRequest } from './api.js';
import { Decision, request, type Heard } from './decision.js';
import { Logs } from './logs.js';
import { Doing, Link, Status, Trouble } from './parts.js';
import { Rerun } from './rerun.js';
import { Confirm } from './run-actions.js';
import { runLink } from './run-list.js';
import { asksPerson, tookOf, whyOf, type ShownRun, type ShownStep } from './run-state.js';
import { ask, runPath } from './server.js';

interface PanelProps extends Heard {
  run: ShownRun;
  step: ShownStep;
  decider: Decider | undefined;
  onClose: () => void;
}

/** A step: what it does, what can be done with it, and what it printed. Escape closes it. */
export function StepPanel({ run, step, decider, onClose, onDone, onError }: PanelProps): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  const runId = run.about.run_id;
  const open = run.about.finished_at === undefined;
  useLayoutEffect(() => {
    const before = document.activeElement;
    const close = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape' && document.querySelector('dialog') === null) onClose();
    };
    document.addEventListener('keydown', close);
    panel.current?.focus();
    return () => {
      document.removeEventListener('keydown', close);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside class="panel" ref={panel} tabIndex={-1} aria-label={`Step ${step.id}`}>
      <button type="button" class="close" aria-label="Close" onClick={onClose}>
        ×
      </button>
      <h2>
        {step.id} <Status status={step.status} />
      </h2>
      <Facts run={run} step={step} />
      {open && asksPerson(step) && (
        <Decision runId={runId} step={step} decider={decider} onDone={onDone} onError={onError} />
      )}
      <StepActions run={run} step={step} onDone={onDone} onError={onError} />
      <Why runId={runId} step={step.id} />
      <Tail title="Outputs" text={textOf(step.outputs)} />
      <Tail title="Last words" text={step.agent?.message} />
      <Logs runId={runId} step={step.id} open={open && !isEnd(step)} />
    </aside>
  );
}

function Facts({ run, step }: { run: ShownRun; step: ShownStep }): JSX.Element {
  const { look, attempts, exit_code: code, sub_runs: runs = [], agent } = step;
  const took = tookOf(step, Date.now() + run.ahead);
  const facts: [string, string | undefined][] = [
    ['Name', look?.name],
    ['About', look?.description],
    ['Kind', look?.kind],
    ['Took', took === undefined ? undefined : duration(took)],
    ['Attempts', attempts > 0 ? String(attempts) : undefined],
    ['Exit code', code === undefined ? undefined : String(code)],
    ['What happened', whyOf(step) || undefined],
    ['After', look?.depends_on.join(', ') || undefined],
    ['Agent', agent && `${agent.name}: ${agent.turns} turns, ${agent.tokens} tokens`],
  ];
  return (
    <dl>
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
      {runs.length > 0 && (
        <div>
          <dt>Runs</dt>
          <dd>
            {runs.slice(-20).map((id) => (
              <Link key={id} to={runLink(id)}>
                {id}
              </Link>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}

/** What the state of a step lets people do with it. The run itself decides whether it is done. */
function StepActions({ run, step, onDone, onError }: Omit<PanelProps, 'onClose' | 'decider'>): JSX.Element | null {
  const [shown, setShown] = useState<'skip' | 'cancel' | 'rerun'>();
  const { run_id: runId, finished_at, held } = run.about;
  const close = (): void => setShown(undefined);
  const heard = { onDone, onError };
  const what = (verb: VerbRequest['verb']) => (): Promise<string> => request(runId, { verb, step: step.id });
  if (finished_at !== undefined) {
    return (
      <div class="buttons">
        <button type="button" onClick={() => setShown('rerun')}>
          Run again from here…
        </button>
        {shown === 'rerun' && <Rerun runId={runId} from={step.id} onClose={close} />}
      </div>
    );
  }
  const { status } = step;
  const retries = status === 'failed' || (status === 'waiting' && step.waits_for === 'answer');
  const skips = status === 'pending' || status === 'waiting' || held.includes(step.id);
  const cancels = status === 'running' || status === 'waiting' || status === 'pending';
  if (!retries && !skips && !cancels) return null;
  return (
    <div class="buttons">
      {retries && (
        <Doing work={what('retry')} {...heard}>
          Retry
        </Doing>
      )}
      {skips && (
        <button type="button" onClick={() => setShown('skip')}>
          Skip…
        </button>
      )}
      {cancels && (
        <button type="button" class="bad" onClick={() => setShown('cancel')}>
          Cancel the step…
        </button>
      )}
      {shown === 'skip' && (
        <Confirm title={`Skip ${step.id}?`} name="Skip the step" work={what('skip')} onClose={close} {...heard}>
          <p>What depends on it still runs.</p>
        </Confirm>
      )}
      {shown === 'cancel' && (
        <Confirm
          title={`Cancel ${step.id}?`}
          name="Cancel the step"
          work={what('cancelStep')}
          onClose={close}
          {...heard}
        >
          <p>The step is stopped. What that means for the run is the plan’s to say.</p>
        </Confirm>
      )}
    </div>
  );
}

/** The run is asked only when somebody wants to know. */
function Why({ runId, step }: { runId: string; step: string }): JSX.Element {
  const [lines, setLines] = useState<string[]>();
  const [error, setError] = useState<unknown>();
  const load = (): Promise<ExplainAnswer> => ask<ExplainAnswer>(runPath(runId, 'explain'), { step });
  return (
    <>
      <div class="buttons">
        <Doing work={load} onDone={(answer) => setLines(answer.lines)} onError={setError}>
          Why is it so?
        </Doing>
      </div>
      <Trouble error={error} />
      {lines !== undefined && (
        <ul class="why">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Tail({ title, text }: { title: string; text: string | undefined }): JSX.Element | null {
  if (text === undefined || text.trim() === '') return null;
  return (
    <details>
      <summary>{title}</summary>
      <pre tabIndex={0}>{text}</pre>
    </details>
  );
}

function textOf(outputs: ShownStep['outputs']): string | undefined {
  return outputs === undefined || Object.keys(outputs).length === 0 ? undefined : JSON.stringify(outputs, null, 2);
}

function isEnd({ status }: ShownStep): boolean {
  return status !== 'pending' && status !== 'running' && status !== 'waiting';
}
