import type { OrchClient } from '../client/orch-client.js';
import type { RunSummary } from '../client/types.js';
import type { ProgressView, StepView } from '../contract/run-messages.js';
import { answersTo, waitsForPerson } from './render/answers.js';
import { plainMessage } from '../basics/plain-message.js';
import { askedText } from './render/why.js';

/** An open run, and what it says of itself; without that where it did not answer. */
export interface OpenRun {
  run: RunSummary;
  progress?: ProgressView;
}

/** Something that only a person can end. */
export interface Waiting {
  run_id: string;
  /** Absent where the whole run is paused. */
  step?: StepView;
  /** What is asked, or why it waits. */
  question: string;
  /** Command lines that end the waiting. */
  answers: string[];
}

/** Runs that are asked what they wait for; more than these are not looked at. */
const MOST_ASKED = 50;

/** The open runs, newest first; those of sub-plans too, as these may be what waits. */
export async function openRuns(client: OrchClient): Promise<OpenRun[]> {
  const open = await client.list({ open: true, all: true, limit: MOST_ASKED });
  return Promise.all(
    open.map(async (run): Promise<OpenRun> => {
      const progress = await client.progress(run.run_id).catch(() => undefined);
      return progress === undefined ? { run } : { run, progress };
    }),
  );
}

/** What waits for a person in a run. */
export function waitingIn({ run, progress }: OpenRun): Waiting[] {
  const { run_id } = run;
  const steps = progress?.steps.filter(waitsForPerson) ?? [];
  const waits = steps.map((step): Waiting => ({
    run_id,
    step,
    question: questionOf(step),
    answers: answersTo(run_id, step),
  }));
  if (run.status === 'paused') waits.push({ run_id, question: 'it is paused', answers: [`orch resume ${run_id}`] });
  for (const id of progress?.held ?? []) {
    const step = progress?.steps.find((each) => each.id === id);
    waits.push({
      run_id,
      ...(step === undefined ? {} : { step }),
      question: `it failed${step?.message === undefined ? '' : `: ${plainMessage(step.message)}`}`,
      answers: [`orch retry ${run_id} ${id}`, `orch resume ${run_id}`],
    });
  }
  return waits;
}

/** What a step asks, and whom. */
function questionOf(step: StepView): string {
  const who = askedText(step);
  if (who === '') return step.message ?? 'it waits for a decision';
  return `waiting for ${who}${step.message === undefined ? '' : `: ${step.message}`}`;
}
