import { patched, workflowInfo } from '@temporalio/workflow';
import { isEnd, type Beginning, type EngineCommand } from '../../engine/index.js';

/** The commands that a run begins with. */
export interface FirstCommands {
  /** Carries them out, unless that was done. */
  carryOut(): void;
  /** Call it before anything else is taken in. */
  beforeEvent(): void;
}

/**
 * Carries out what a run begins with before the first message is taken in, and once.
 *
 * In runs of engine version 1 a signal that had come before the run began took the place of these commands: its first
 * steps were shown as running and never started. Such a run makes the same decisions when it is replayed, and starts
 * those steps with the next thing that happens to it. Sub-plans never replay that way: Temporal hands over their first
 * message together with their start or after it, as it finds them, so both must come to the same.
 */
export function firstCommands(
  { commands, state }: Beginning,
  version: number,
  carryOut: (todo: readonly EngineCommand[]) => void,
): FirstCommands {
  const mayLose = version === 1 && workflowInfo().parent === undefined;
  let todo: readonly EngineCommand[] = commands;
  let begun = false;
  let lost = false;
  return {
    carryOut() {
      begun = true;
      if (!lost) run();
    },
    beforeEvent() {
      if (todo.length === 0) return;
      // Not asked for while the run begins: see statusMemo.
      lost = begun ? !patched('first-commands') : mayLose;
      if (!lost) run();
    },
  };

  function run(): void {
    const now = todo.filter((command) => !('step' in command) || !isEnd(state.steps[command.step]!.status));
    todo = [];
    carryOut(now);
    // Only where they come late may somebody have asked for a stop already.
    for (const command of now) {
      if ('step' in command && state.steps[command.step]!.stopping !== undefined)
        carryOut([{ type: 'stop-step', step: command.step }]);
    }
  }
}

/** Takes up what an earlier history had under way, before the first message is taken in, and once. */
export function resumption(resume: () => void): FirstCommands {
  let begun = false;
  const once = (): void => {
    if (begun) return;
    begun = true;
    resume();
  };
  return { carryOut: once, beforeEvent: once };
}
