import { ApplicationFailure, defineUpdate, log, setHandler } from '@temporalio/workflow';
import type { Signals } from '../record/signals.js';
import { LOOP_VERBS, type LoopVerb, type LoopVerbInput, type LoopView } from '../../contract/loop-messages.js';
import { unreachable } from '../../basics/unreachable.js';
import { withoutStack } from '../../basics/without-stack.js';

/** What people have asked of a loop. */
export interface LoopControl {
  paused: boolean;
  stop?: { reason: string; now: boolean };
}

const HELP: Readonly<Record<LoopVerb, string>> = {
  stop: 'Ends the loop after the current turn, or at once: {"reason": "…", "now": false}',
  pause: 'Starts no further turn: {"by": "<who>"}',
  resume: 'Continues after a pause',
};

/** Offers the verbs of a loop, as updates that can refuse and as signals whose refusal is logged. */
export function offerLoopVerbs(
  signals: Signals,
  control: LoopControl,
  view: () => LoopView,
  stopNow: () => void,
): void {
  for (const verb of LOOP_VERBS) {
    const description = HELP[verb];
    const accept = (given: LoopVerbInput): LoopView => {
      refuse(verb, control);
      apply(verb, control, given);
      if (verb === 'stop' && given.now === true) stopNow();
      return view();
    };
    setHandler(defineUpdate<LoopView, [unknown?]>(verb), (given?: unknown) => accept(inputOf(given)), {
      description,
      validator: (_given?: unknown) => refuse(verb, control),
    });
    const hear = (given?: unknown): void => {
      try {
        accept(inputOf(given));
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        log.warn(error.message); // a signal has no answer
      }
    };
    signals.on(verb, hear, description);
  }
}

/** @throws ApplicationFailure `Refused` with the reason. */
function refuse(verb: LoopVerb, { paused, stop }: LoopControl): void {
  if (verb === 'pause' && paused) throw refused('Cannot pause the loop: it is paused');
  if (verb === 'resume' && !paused) throw refused('Cannot resume the loop: it is not paused');
  if (verb !== 'stop' && stop !== undefined) throw refused(`Cannot ${verb} the loop: it is being stopped`);
}

function apply(verb: LoopVerb, control: LoopControl, { reason, now = false, by }: LoopVerbInput): void {
  switch (verb) {
    case 'pause':
      control.paused = true;
      break;
    case 'resume':
      control.paused = false;
      break;
    case 'stop': {
      const who = by === undefined ? '' : ` by ${by}`;
      control.stop = { reason: reason || `asked${who}`, now: now || control.stop?.now === true };
      break;
    }
    default:
      return unreachable(verb);
  }
}

/** What somebody typed into a form may be anything at all. */
function inputOf(given: unknown): LoopVerbInput {
  if (typeof given !== 'object' || given === null) return {};
  const { by, reason, now } = given as Record<string, unknown>;
  return {
    ...(typeof by === 'string' ? { by } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    now: now === true,
  };
}

function refused(message: string): ApplicationFailure {
  // the sender's mistake, not this code's
  return withoutStack(ApplicationFailure.create({ type: 'Refused', nonRetryable: true, message }));
}
