import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AskedValue, Decider, VerbAnswer, VerbRequest } from './api.js';
import { Doing } from './parts.js';
import type { ShownStep } from './run-state.js';
import { runPath, tell } from './server.js';

/** Hears what came of something. */
export interface Heard {
  onDone: (text: string) => void;
  onError: (error: unknown) => void;
}

/** Asks a run for something. */
export async function request(runId: string, what: VerbRequest): Promise<string> {
  return (await tell<VerbAnswer>(runPath(runId, 'verbs'), what)).said;
}

/** What a step asks a person, and how it is answered. */
export function Decision({
  runId,
  step,
  decider,
  onDone,
  onError,
}: { runId: string; step: ShownStep; decider: Decider | undefined } & Heard): JSX.Element {
  const asks = step.look?.asks ?? [];
  const [values, setValues] = useState<Record<string, string>>({});
  const [comment, setComment] = useState('');
  const { approvers = [] } = step.look ?? {};
  const [chosen, setChosen] = useState<string>();
  const by = decider?.others === true && approvers.length > 0 ? (chosen ?? usualName(approvers, decider)) : undefined;
  const decide = (verb: 'approve' | 'reject') => (): Promise<string> => {
    const given = Object.entries(values).filter(([, value]) => value !== '');
    const inputs = verb === 'approve' && given.length > 0 ? { inputs: Object.fromEntries(given) } : {};
    return request(runId, { verb, step: step.id, ...inputs, ...(comment !== '' && { comment }), ...(by && { by }) });
  };
  return (
    <div class="decision">
      <p class="question">{step.message ?? 'It waits for a decision'}</p>
      {approvers.length > 0 && (
        <Approvers approvers={approvers} decider={decider} by={by} onBy={(name) => setChosen(name)} />
      )}
      {step.waits_for === 'answer' && <Answer runId={runId} step={step} onDone={onDone} onError={onError} />}
      {asks.map((asked) => (
        <Value
          key={asked.name}
          asked={asked}
          value={values[asked.name] ?? ''}
          onValue={(value) => setValues({ ...values, [asked.name]: value })}
        />
      ))}
      <label>
        Comment
        <input value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      <div class="buttons">
        <Doing class="good" disabled={by === ''} work={decide('approve')} onDone={onDone} onError={onError}>
          {step.waits_for === 'answer' ? 'Accept as it is' : 'Approve'}
        </Doing>
        <Doing class="bad" disabled={by === ''} work={decide('reject')} onDone={onDone} onError={onError}>
          Reject
        </Doing>
      </div>
    </div>
  );
}

/** Who may decide, and as whom this is decided: nobody but a proxy knows who uses the page. */
function Approvers({
  approvers,
  decider,
  by,
  onBy,
}: {
  approvers: readonly string[];
  decider: Decider | undefined;
  by: string | undefined;
  onBy: (name: string) => void;
}): JSX.Element {
  const names = <p class="dim">May be decided by {approvers.join(', ')}</p>;
  if (decider === undefined || by === undefined) return names;
  return (
    <>
      {names}
      <label>
        Decide as
        <span class="dim">
          {' '}
          (You are {decider.name}. On this page orch does not check names: the decision is recorded with the one that
          you choose, as with <code>--by</code>.)
        </span>
        <select value={by} onChange={(event) => onBy(event.currentTarget.value)}>
          {by === '' && <option value="">Choose</option>}
          {approvers.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
    </>
  );
}

/** The name that is there without a choice: the user's own, or the only one. */
function usualName(approvers: readonly string[], { name }: Decider): string {
  if (approvers.includes(name)) return name;
  return approvers.length === 1 ? approvers[0]! : '';
}

function Value({
  asked: { name, type, required, description, default: usual = '', choices },
  value,
  onValue,
}: {
  asked: AskedValue;
  value: string;
  onValue: (value: string) => void;
}): JSX.Element {
  const list = choices ?? (type === 'boolean' ? ['true', 'false'] : undefined);
  return (
    <label>
      {name}
      {required ? ' (required)' : ''}
      {description !== undefined && <span class="dim"> {description}</span>}
      {list === undefined ? (
        <input value={value} placeholder={usual} onInput={(event) => onValue(event.currentTarget.value)} />
      ) : (
        <select value={value} onChange={(event) => onValue(event.currentTarget.value)}>
          <option value="">{usual === '' ? 'Choose' : `${usual} (default)`}</option>
          {list.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
    </label>
  );
}

function Answer({ runId, step, onDone, onError }: { runId: string; step: ShownStep } & Heard): JSX.Element {
  const [text, setText] = useState('');
  return (
    <>
      <label>
        Answer
        <textarea rows={3} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <div class="buttons">
        <Doing
          class="good"
          disabled={text.trim() === ''}
          work={() => request(runId, { verb: 'answer', step: step.id, text })}
          onDone={onDone}
          onError={onError}
        >
          Answer
        </Doing>
      </div>
    </>
  );
}
