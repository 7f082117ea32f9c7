import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RerunAnswer, RerunRequest } from './api.js';
import { goTo, usePoll } from './hooks.js';
import { Dialog, Doing, Trouble } from './parts.js';
import { runLink } from './run-list.js';
import { runPath, tell } from './server.js';

/** Steps that are named; the commands name all. */
const MOST_NAMED = 200;

/** What a rerun reuses and runs, and the button that starts it. */
export function Rerun({ runId, from, onClose }: { runId: string; from?: string; onClose: () => void }): JSX.Element {
  const [outlook, setOutlook] = useState<RerunAnswer>();
  const [error, setError] = useState<unknown>();
  const [file, setFile] = useState<string>();
  const [plan, setPlan] = useState<'file'>();
  const ask = (dry_run: boolean): Promise<RerunAnswer> => {
    const wanted: RerunRequest = { dry_run, ...(from !== undefined && { from: [from] }), ...(plan && { plan }) };
    return tell<RerunAnswer>(runPath(runId, 'rerun'), wanted);
  };
  usePoll(
    async () => {
      setOutlook(undefined);
      setError(undefined);
      try {
        const answer = await ask(true);
        setOutlook(answer);
        setFile(answer.plan_file);
      } catch (failure) {
        setError(failure);
      }
      return undefined;
    },
    `${runId} ${plan ?? ''}`,
  );
  const started = ({ run_id }: RerunAnswer): void => {
    onClose();
    if (run_id !== undefined) goTo(runLink(run_id));
  };
  const title = `Run ${runId} again${from === undefined ? '' : ` from ${from}`}?`;
  const action = (
    <Doing class="good" disabled={outlook === undefined} work={() => ask(false)} onDone={started} onError={setError}>
      Run again
    </Doing>
  );
  return (
    <Dialog title={title} action={action} onClose={onClose}>
      {file !== undefined && <WhichPlan file={file} plan={plan} onChoose={setPlan} />}
      <Trouble error={error} />
      {outlook === undefined ? error === undefined && <p class="dim">Loading</p> : <Outlook outlook={outlook} />}
    </Dialog>
  );
}

/** The plan that the run had, or what its file says now. */
function WhichPlan(props: {
  file: string;
  plan: 'file' | undefined;
  onChoose: (plan: 'file' | undefined) => void;
}): JSX.Element {
  const { file, plan, onChoose } = props;
  return (
    <fieldset class="choice">
      <legend>Plan</legend>
      <label>
        <input type="radio" name="plan" checked={plan === undefined} onChange={() => onChoose(undefined)} /> as the run
        had it
      </label>
      <label>
        <input type="radio" name="plan" checked={plan === 'file'} onChange={() => onChoose('file')} /> as it is now in{' '}
        <code>{file}</code>
      </label>
    </fieldset>
  );
}

function Outlook({ outlook: { reused, again, notes } }: { outlook: RerunAnswer }): JSX.Element {
  return (
    <div class="outlook">
      {notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      <h3>Runs again ({again.length})</h3>
      <ul>
        {again.slice(0, MOST_NAMED).map(({ step, why, items }) => (
          <li key={step}>
            <code>{step}</code> <span class="dim">{why}</span>
            {items !== undefined && <span class="dim">; only {items.join(', ')}</span>}
          </li>
        ))}
      </ul>
      <More left={again.length - MOST_NAMED} />
      <h3>Reused ({reused.length})</h3>
      <ul>
        {reused.slice(0, MOST_NAMED).map((step) => (
          <li key={step}>
            <code>{step}</code>
          </li>
        ))}
      </ul>
      <More left={reused.length - MOST_NAMED} />
    </div>
  );
}

function More({ left }: { left: number }): JSX.Element | null {
  return left > 0 ? <p class="dim">and {left} more</p> : null;
}
