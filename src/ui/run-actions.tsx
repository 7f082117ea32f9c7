import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RunAnswer, VerbRequest } from './api.js';
import { request, type Heard } from './decision.js';
import { Dialog, Doing } from './parts.js';
import { Rerun } from './rerun.js';

/** What can be done with a run as a whole. */
export function RunActions({ about, onDone, onError }: { about: RunAnswer } & Heard): JSX.Element {
  const { run_id, status, held } = about;
  const [shown, setShown] = useState<'cancel' | 'rerun'>();
  const close = (): void => setShown(undefined);
  const heard = { onDone, onError };
  const verb = (what: VerbRequest, name: string, kind = ''): JSX.Element => (
    <Doing class={kind} work={() => request(run_id, what)} {...heard}>
      {name}
    </Doing>
  );
  if (about.finished_at !== undefined) {
    return (
      <div class="buttons">
        <button type="button" onClick={() => setShown('rerun')}>
          Run again…
        </button>
        {shown === 'rerun' && <Rerun runId={run_id} onClose={close} />}
      </div>
    );
  }
  return (
    <>
      {status === 'quarantined' && (
        <p class="note">
          {held.join(', ')} failed, and the run waits for you: retry the step, skip it, or give up what failed.
        </p>
      )}
      <div class="buttons">
        {status === 'running' && verb({ verb: 'pause' }, 'Pause')}
        {status === 'paused' && verb({ verb: 'resume' }, 'Resume', 'good')}
        {status === 'quarantined' && verb({ verb: 'resume' }, 'Give up what failed')}
        <button type="button" class="bad" onClick={() => setShown('cancel')}>
          Cancel the run…
        </button>
      </div>
      {shown === 'cancel' && <CancelRun runId={run_id} onClose={close} {...heard} />}
    </>
  );
}

function CancelRun({ runId, onClose, onDone, onError }: { runId: string; onClose: () => void } & Heard): JSX.Element {
  const [force, setForce] = useState(false);
  return (
    <Confirm
      title={`Cancel ${runId}?`}
      name="Cancel the run"
      work={() => request(runId, { verb: 'cancel', ...(force && { force }) })}
      {...{ onClose, onDone, onError }}
    >
      <p>Its steps are stopped, and then its finally steps run.</p>
      <label class="check">
        <input type="checkbox" checked={force} onChange={(event) => setForce(event.currentTarget.checked)} /> End its
        finally steps, too
      </label>
    </Confirm>
  );
}

/** Asks once more before something that cannot be undone. */
export function Confirm({
  title,
  name,
  work,
  onClose,
  onDone,
  onError,
  children,
}: {
  title: string;
  name: string;
  work: () => Promise<string>;
  onClose: () => void;
  children: JSX.Element | JSX.Element[];
} & Heard): JSX.Element {
  const closing =
    <T,>(then: (value: T) => void) =>
    (value: T): void => {
      onClose();
      then(value);
    };
  const action = (
    <Doing class="bad" work={work} onDone={closing(onDone)} onError={closing(onError)}>
      {name}
    </Doing>
  );
  return (
    <Dialog title={title} action={action} onClose={onClose}>
      {children}
    </Dialog>
  );
}
