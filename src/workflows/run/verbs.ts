import { ApplicationFailure, defineUpdate, log, setHandler } from '@temporalio/workflow';
import {
  isRunEnd,
  refusal,
  type EngineEvent,
  type OperatorRequest,
  type Program,
  type RunState,
} from '../../engine/index.js';
import { resolveApprovalInputs } from '../../plan/templates/inputs.js';
import { noStep } from '../../plan/problems/no-step.js';

import type { VerbAccepted, VerbName } from '../../contract/run-messages.js';
import type { VerbNote } from '../record/recorder.js';
import { isUnsigned } from '../../contract/seal.js';
import { unsignedVerb } from '../signing/heard.js';
import type { Signals } from '../record/signals.js';
import { withoutStack } from '../../basics/without-stack.js';

/** What the verbs need of the run. */
export interface Steerable {
  program: Program;
  signals: Signals;
  state(): RunState;
  apply(event: EngineEvent): void;
  /** Does something that looks at the run and steers it: at once, or within a second. */
  inTurn<T>(act: () => T): T | Promise<T>;
  /** Writes a request down, before it is met or after it was refused. */
  asked(note: VerbNote, at: number): void;
}

/** Characters of an answer to an agent. */
const MAX_ANSWER = 64 * 1024;

/** Characters of a whole request: what it says becomes events, and maybe outputs. */
const MAX_VERB = 128 * 1024;

type Given = Record<string, unknown>;
type Request = OperatorRequest | { type: 'run-cancel-requested'; force: true; by?: string };

/** Offers every steering verb, as an update that can refuse and as a signal whose refusal is written down. */
export function offerVerbs(run: Steerable): void {
  const step = '{"step": "<id>", "by": "<who>"}';
  offer(run, 'skip', `Skips a step that has not started: ${step}`, (given) => ({
    ...about(run, given, 'skip'),
    type: 'skip',
    propagate: given['propagate'] === true,
  }));
  offer(run, 'cancelStep', `Stops one step: ${step}`, (given) => ({
    ...about(run, given, 'cancel'),
    type: 'cancel-step',
  }));
  offer(run, 'retry', `Retries a failed step: ${step}`, (given) => ({
    ...about(run, given, 'retry'),
    type: 'retry',
  }));
  for (const decision of ['approve', 'reject'] as const) {
    const help = 'Answers an approval: {"step": "<id>", "by": "<who>", "comment": "…", "inputs": {…}}';
    offer(run, decision, help, (given) => decisionOf(run, given, decision));
  }
  offer(run, 'answer', 'Answers an agent that asked: {"step": "<id>", "text": "…", "by": "<who>"}', (given) => {
    const text = given['text'];
    if (typeof text !== 'string' || text.trim() === '')
      throw refused('Nothing to answer: send {"step": "<id>", "text": "…"}');
    if (text.length > MAX_ANSWER) throw refused(`Cannot answer: the text has more than ${MAX_ANSWER} characters`);
    return { ...about(run, given, 'answer'), type: 'answer', text };
  });
  offer(run, 'pause', 'Starts no further step: {"by": "<who>"}', (given) => ({
    type: 'pause',
    ...sender(given),
  }));
  offer(run, 'resume', 'Continues after a pause or a quarantine', (given) => ({
    type: 'resume',
    ...sender(given),
  }));
  const cancelHelp = 'Ends the `finally` steps of a run that is being canceled: {"force": true}';
  offer(run, 'cancel', cancelHelp, (given) => forcedCancel(run, given));
}

function offer(run: Steerable, name: VerbName, description: string, read: (given: Given) => Request): void {
  // What somebody typed into a form may be anything at all.
  const accept = (via: VerbNote['via'], verb?: unknown): VerbAccepted | Promise<VerbAccepted> =>
    run.inTurn(() => take(via, verb));
  const take = (via: VerbNote['via'], verb?: unknown): VerbAccepted => {
    const given = recordOf(verb);
    const at = Date.now();
    let request: Request;
    try {
      request = checked(run, read(given));
    } catch (error) {
      if (error instanceof ApplicationFailure) run.asked({ verb: name, via, given, refusal: error.message }, at);
      throw error;
    }
    run.asked({ verb: name, via, given }, at);
    run.apply({ ...request, at });
    if (!('step' in request)) return { status: run.state().status };
    return { step: run.program.graph.ids[request.step]!, status: run.state().steps[request.step]!.status };
  };
  setHandler(defineUpdate<VerbAccepted, [unknown?]>(name), (verb) => accept('update', verb), {
    description,
    // What it refuses leaves no trace in history, and so none in the record either.
    validator(verb?: unknown) {
      const bytes = JSON.stringify(verb ?? null).length;
      if (bytes > MAX_VERB) throw refused(`Cannot ${name}: the request has ${bytes} characters, more than ${MAX_VERB}`);
      checked(run, read(recordOf(verb)));
    },
  });
  const hear = (verb?: unknown): void => {
    if (isUnsigned(verb)) {
      run.asked({ verb: name, via: 'signal', given: recordOf(verb.value), refusal: unsignedVerb(name) }, Date.now());
      return;
    }
    try {
      const accepted = accept('signal', verb);
      if (accepted instanceof Promise) accepted.catch(noteRefusal);
    } catch (error) {
      noteRefusal(error);
    }
  };
  run.signals.on(name, hear, description);
}

/** A signal has no answer. */
function noteRefusal(error: unknown): void {
  if (!(error instanceof ApplicationFailure)) throw error;
  log.warn(error.message);
}

/** @throws ApplicationFailure `Refused` with the reason. */
function checked(run: Steerable, request: Request): Request {
  if (request.type === 'run-cancel-requested') return request;
  const reason = refusal(run.program, run.state(), request);
  if (reason === undefined) return request;
  const verbs = {
    skip: 'skip',
    'cancel-step': 'cancel',
    retry: 'retry',
    decide: 'decide',
    pause: 'pause',
    resume: 'resume',
    answer: 'answer',
  };
  const verb = request.type === 'decide' ? request.decision : verbs[request.type];
  const what = 'step' in request ? ` step '${run.program.graph.ids[request.step]}'` : '';
  throw refused(`Cannot ${verb}${what || ' the run'}: ${reason}`);
}

/** Finds the step that a verb means. */
function about(run: Steerable, given: Given, verb: string): { step: number; by?: string } {
  const wanted = given['step'];
  if (typeof wanted !== 'string') throw refused(`Nothing to ${verb}: send {"step": "<id>"}`);
  const step = run.program.graph.index.get(wanted);
  if (step !== undefined) return { step, ...sender(given) };
  throw refused(noStep(wanted, run.program.graph.ids));
}

function decisionOf(run: Steerable, given: Given, decision: 'approve' | 'reject'): Request {
  const target = about(run, given, decision);
  const { action } = run.program.plan.steps[target.step]!;
  const comment = typeof given['comment'] === 'string' ? { comment: given['comment'] } : {};
  if (action.type !== 'approval' || decision === 'reject') return { ...target, type: 'decide', decision, ...comment };
  const inputs = resolveApprovalInputs(action, recordOf(given['inputs']));
  if (inputs.ok) return { ...target, type: 'decide', decision, ...comment, outputs: inputs.value };
  throw refused(`Cannot approve: ${inputs.error.map((problem) => problem.message).join('; ')}`);
}

function forcedCancel(run: Steerable, given: Given): Request {
  if (isRunEnd(run.state().status)) throw refused(`Cannot cancel the run: it has ended: ${run.state().status}`);
  if (given['force'] !== true || run.state().stop !== 'run_canceled') {
    throw refused(
      'Cannot cancel the run this way: cancel it by Temporal\'s own cancel, as `orch cancel` does; {"force": true} then also ends its `finally` steps',
    );
  }
  return { type: 'run-cancel-requested', force: true, ...sender(given) };
}

function sender(given: Given): { by?: string } {
  return typeof given['by'] === 'string' ? { by: given['by'] } : {};
}

function recordOf(value: unknown): Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : {};
}

function refused(message: string): ApplicationFailure {
  // the sender's mistake, not this code's
  return withoutStack(ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message }));
}
