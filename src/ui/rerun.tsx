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
  const ask = (dry_run: boolean): Promise<RerunAnswer> => {
    const wanted: RerunRequest = { dry_run, ...(from !== undefined && { from: [from] }) };
    return tell<RerunAnswer>(runPath(runId, 'rerun'), wanted);
  };
  usePoll(async () => {
    await ask(true).then(setOutlook, setError);
    return undefined;
  }, runId);
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
      <Trouble error={error} />
      {outlook === undefined ? error === undefined && <p class="dim">Loading</p> : <Outlook outlook={outlook} />}
    </Dialog>
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
