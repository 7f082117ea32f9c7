import { patched, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../contract/activities.js';
import type { StateTask, TurnTask } from '../../contract/loop-turn.js';
import { stateFields } from '../../loop/state-file.js';
import { advance, turnId, turnsBefore } from '../../loop/turns.js';
import type { Prompt } from '../../loop/prompts.js';
import type { Loop } from './loop-data.js';
import { defined } from '../../basics/defined.js';

/** Who reads the file can do without it: it is tried for so long, also where a role's worker is gone. */
const activities = proxyActivities<Pick<Activities, 'noteLoopState'>>({
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 minute',
});

export type Extras = Pick<TurnTask, 'state' | 'branch' | 'completion_marker' | 'verdict_of_work'>;

/** What the turns of the roles have, and those of a router have not. */
export function turnExtras(loop: Loop, prompt: Prompt): Extras {
  const { branch, completion_marker, verdicts = 'all', reviewer } = loop.config;
  const state = stateTask(loop);
  const ofWork = verdicts === 'none' || (verdicts === 'work' && prompt.key === reviewer.key);
  return {
    ...defined({ state, branch, completion_marker }),
    ...(ofWork ? { verdict_of_work: true } : {}),
  };
}

/** What a state file says while the turn runs, once it went well, and once it failed. */
function stateTask(loop: Loop): TurnTask['state'] {
  const { config, state } = loop;
  const noted = noteOf(loop);
  if (noted === undefined) return undefined;
  return {
    ...noted,
    running: stateFields(config, state, 'turn'),
    done: stateFields(config, advance(config, state), 'idle'),
  };
}

function noteOf({ config, state, identity: loop }: Loop): StateTask | undefined {
  if (config.state_file === undefined) return undefined;
  return {
    file: config.state_file,
    failed: stateFields(config, state, 'failed'),
    commit: state.role === 'supervisor' ? 'galph_commit' : 'ralph_commit',
    loop,
    ...(state.claims === true ? {} : { turns: turnsBefore(state) }),
  };
}

/** Has the state file say that the loop failed, whatever failed: the router, a prompt, git or the turn. */
export async function noteFailed(loop: Loop, taskQueue: string | undefined): Promise<void> {
  const state = noteOf(loop);
  if (state === undefined || !patched('loop-state-failed')) return;
  const options = {
    activityId: `i:state:${turnId(loop.state)}`,
    summary: `Writes into ${state.file} that the loop has failed`.slice(0, 200),
    ...defined({ taskQueue }),
  };
  try {
    await activities.noteLoopState.executeWithOptions(options, [{ ...loop.base, state }]);
  } catch {
    loop.warn(`${state.file} does not say that the loop has failed`);
  }
}
