import { useRef, useState } from 'preact/hooks';
import type { StepView } from '../contract/run-messages.js';
import type { PlanAnswer, RunAnswer, StepLook } from './api.js';
import { usePoll } from './hooks.js';
import { ask, runPath } from './server.js';

/** Milliseconds between two looks: of an open run, and of one that has ended, which a rerun or a retry does not open. */
const POLL_MS = 700;

/** A step, with what its plan says of it. */
export interface ShownStep extends StepView {
  look?: StepLook;
}

/** A run as far as it is known. */
export interface ShownRun {
  about: RunAnswer;
  /** In the order of the plan. */
  steps: readonly ShownStep[];
  /** Milliseconds that the server's clock is ahead of the browser's. */
  ahead: number;
}

/** Follows a run. Looks go on until it has ended. */
export function useRun(
  runId: string,
  onError: (error: unknown) => boolean,
): { run?: ShownRun; error?: unknown; plan?: PlanAnswer } {
  const [run, setRun] = useState<ShownRun>();
  const [plan, setPlan] = useState<PlanAnswer>();
  const [error, setError] = useState<unknown>();
  const known = useRef(new Map<string, StepView>());
  const looks = useRef<ReadonlyMap<string, StepLook>>(new Map());
  const since = useRef(0);
  usePoll(async () => {
    try {
      const about = await ask<RunAnswer>(runPath(runId), { since: since.current });
      since.current = about.version;
      for (const step of about.steps) known.current.set(step.id, step);
      setRun(shownRun(about, known.current, looks.current));
      setError(undefined);
      return about.finished_at === undefined ? POLL_MS : undefined;
    } catch (failure) {
      if (onError(failure)) return undefined;
      setError(failure);
      return 2 * POLL_MS;
    }
  }, runId);
  usePoll(async () => {
    try {
      const answer = await ask<PlanAnswer>(runPath(runId, 'plan'));
      looks.current = new Map(answer.steps.map((look) => [look.id, look]));
      setPlan(answer);
      setRun((last) => last && shownRun(last.about, known.current, looks.current));
    } catch {
      // The steps are shown without what the plan says of them.
    }
    return undefined;
  }, runId);
  return { ...(run && { run }), ...(plan && { plan }), error };
}

function shownRun(
  about: RunAnswer,
  known: ReadonlyMap<string, StepView>,
  looks: ReadonlyMap<string, StepLook>,
): ShownRun {
  const order = looks.size === 0 ? [...known.keys()] : [...looks.keys()];
  const steps = order.flatMap((id): ShownStep[] => {
    const step = known.get(id);
    const look = looks.get(id);
    return step === undefined ? [] : [{ ...step, ...(look && { look }) }];
  });
  return { about, steps, ahead: about.now - Date.now() };
}

/** Why a step is where it is, in a line. */
export function whyOf(step: ShownStep): string {
  const { reason, message, warning, live, items, waits_for } = step;
  const said =
    step.status === 'failed' && message !== undefined ? message : [reason, message].filter(Boolean).join(': ');
  const waits = waits_for !== undefined && message === undefined ? `waits for ${waits_for}` : '';
  const done = items === undefined ? '' : `${items.ended} of ${items.total} items, ${items.failed} failed`;
  return [said, waits, done, warning, live].filter(Boolean).join('; ');
}

/** Milliseconds that a step took, or has taken; undefined of one that has not begun. */
export function tookOf({ started_at, finished_at }: ShownStep, now: number): number | undefined {
  return started_at === undefined ? undefined : Math.max(0, (finished_at ?? now) - started_at);
}

/** Whether a step waits for a decision, or for the answer to an agent. */
export function asksPerson({ status, waits_for }: StepView): boolean {
  return status === 'waiting' && (waits_for === 'approval' || waits_for === 'answer');
}
