import type { Result } from '../plan/model/diagnostic.js';
import { promptKey } from './prompts.js';
import { ACTORS, roleOf, type Role } from './roles.js';
import { initialState, turnsBefore, type LoopState } from './turns.js';
import { WORKFLOWS } from './workflow-names.js';
import type { LoopConfig } from './types.js';
import { defined } from '../basics/defined.js';

/** Seconds that the lease of a written state lasts: readers of these files know the field. Nobody waits for it. */
const LEASE_SEC = 600;

/** What a state file says a loop is doing. */
type StateStatus = 'idle' | 'running-galph' | 'waiting-ralph' | 'running-ralph' | 'complete' | 'failed';

/** Fields that orch writes; all others belong to whoever wrote them, and stay. */
export interface StateFields {
  iteration: number;
  expected_actor: 'galph' | 'ralph';
  status: StateStatus;
  last_prompt?: string;
  last_prompt_actor?: 'galph' | 'ralph';
}

/** The state of a loop as its state file has it, without what only the writer knows: times and commits. */
export function stateFields(config: LoopConfig, state: LoopState, doing: 'turn' | 'idle' | 'failed'): StateFields {
  const { iteration, role, last_prompt, last_prompt_role } = state;
  const resting: StateStatus =
    role === 'main' ? 'waiting-ralph' : state.turns > 0 || iteration > 1 ? 'complete' : 'idle';
  const running = role === 'main' ? 'running-ralph' : 'running-galph';
  return {
    iteration,
    expected_actor: ACTORS[role],
    status: doing === 'turn' ? running : doing === 'failed' ? 'failed' : resting,
    // Readers of old files know these only from loops with a router.
    ...(config.router.mode === 'off' || last_prompt === undefined ? {} : { last_prompt }),
    ...(config.router.mode === 'off' || last_prompt_role === undefined
      ? {}
      : { last_prompt_actor: ACTORS[last_prompt_role] }),
  };
}

/** The text of a state file, over the fields of others in the one before. */
export function writeState(
  fields: StateFields,
  about: {
    now: Date;
    commits: Partial<Record<'galph_commit' | 'ralph_commit', string>>;
    /** Which loop writes: its id and its beginning. */
    loop?: string;
  },
  before: Readonly<Record<string, unknown>> = {},
): string {
  const { workflow_name: _, step_index: __, expected_step: ___, ...kept } = before;
  const whole = {
    ...kept,
    ...fields,
    last_update: seconds(about.now.getTime()),
    lease_expires_at: seconds(about.now.getTime() + LEASE_SEC * 1000),
    ...about.commits,
    ...defined({ orch_loop: about.loop }),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** A time as these files have it: UTC, in whole seconds. */
function seconds(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** A loop's state as an older run has left it. */
export interface ImportedState {
  state: LoopState;
  /** Set where the file asks the loop to stop. */
  exit?: string;
  /** Everything that the file says. */
  source: Readonly<Record<string, unknown>>;
}

/** Why a state file cannot be taken over. */
export interface StateFault {
  code: 'state_corrupt';
  message: string;
}

const STATUSES: readonly string[] = ['idle', 'running-galph', 'waiting-ralph', 'running-ralph', 'complete', 'failed'];
const LATER_STATUSES: readonly string[] = ['idle', 'running', 'waiting-next', 'complete', 'failed'];
/** Which role a status of the older files leaves no doubt about. */
const ROLE_OF_STATUS: Readonly<Record<string, Role>> = {
  'running-galph': 'supervisor',
  'waiting-ralph': 'main',
  'running-ralph': 'main',
};

/**
 * Reads the state file of an older run, of any generation: those that count iterations and name the actor that is
 * expected, and those that count steps. What contradicts itself is refused: a loop that begins at the wrong place does
 * harm that nobody sees.
 */
export function importState(
  text: string,
  config: Pick<LoopConfig, 'reviewer' | 'prompts_dir'>,
): Result<ImportedState, StateFault> {
  let source: unknown;
  try {
    source = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return corrupt(`it is not JSON: ${(error as Error).message}`);
  }
  if (typeof source !== 'object' || source === null || Array.isArray(source)) return corrupt('it is not a JSON object');
  const given = source as Record<string, unknown>;
  const { workflow_name: workflow } = given;
  if (workflow !== undefined && workflow !== null && !WORKFLOWS.some((known) => known === workflow)) {
    return corrupt(`\`workflow_name\` is ${JSON.stringify(workflow)}; there is ${WORKFLOWS.join(', ')}`);
  }
  const place = given['step_index'] === undefined || given['step_index'] === null ? byActor(given) : byStep(given);
  if (!place.ok) return place;
  const { iteration, role } = place.value;
  const { exit, exit_reason: why, last_prompt: last, last_prompt_actor: actor } = given;
  const asks = asksToExit(exit);
  if (asks === undefined) return corrupt('`exit` is neither true nor false');
  const key = typeof last === 'string' ? promptKey(last, config.prompts_dir) : undefined;
  const lastRole = typeof actor === 'string' ? roleOf(actor) : undefined;
  // Without the actor too: a review that was held must not be held again.
  const reviewed = role === 'main' && key === config.reviewer.key && lastRole !== 'main';
  const state: LoopState = {
    ...initialState(),
    iteration,
    role,
    reviewed,
    ...defined({ last_prompt: key, last_prompt_role: lastRole }),
    turns: turnsBefore({ iteration, role }),
  };
  const reason = typeof why === 'string' && why !== '' ? why : 'the state file asks for it';
  return { ok: true, value: { state, source: given, ...(asks ? { exit: reason } : {}) } };
}

/** Whether a file's `exit` asks for the end; undefined where it says neither. Scripts write it as a text, too. */
export function asksToExit(exit: unknown): boolean | undefined {
  if (exit === undefined || exit === null) return false;
  const word = typeof exit === 'string' ? exit.trim().toLowerCase() : exit;
  if (word === true || ['true', 'yes', 'on', '1'].some((each) => each === word) || word === 1) return true;
  if (word === false || ['', 'false', 'no', 'off', '0'].some((each) => each === word) || word === 0) return false;
  return undefined;
}

/** What a loop calls itself in its state file: another one may have the same id, later or elsewhere. */
export function loopIdentity(id: string, beganAt: number): string {
  return `${id}@${new Date(beganAt).toISOString()}`;
}

/** Whether a state file is of another loop and further than this one: to write over it would be to lose what it says. */
export function isAhead(
  source: Readonly<Record<string, unknown>>,
  own: { loop: string; turns: number },
): { iteration: number; role: Role; loop?: string } | undefined {
  const { orch_loop: loop } = source;
  if (loop === own.loop || Object.keys(source).length === 0) return undefined;
  const place = source['step_index'] === undefined || source['step_index'] === null ? byActor(source) : byStep(source);
  if (!place.ok || turnsBefore(place.value) <= own.turns) return undefined;
  return { ...place.value, ...(typeof loop === 'string' ? { loop } : {}) };
}

type PlaceResult = Result<{ iteration: number; role: Role }, StateFault>;

function byActor(given: Record<string, unknown>): PlaceResult {
  const { expected_actor: actor = 'galph', status = 'idle' } = given;
  const counted = countAt(given, 'iteration', 0, 1);
  if (counted === undefined) return corrupt('`iteration` is not a whole number of at least 0');
  const iteration = Math.max(1, counted); // some counted from 0
  const role = typeof actor === 'string' ? roleOf(actor) : undefined;
  if (role === undefined) return corrupt(`\`expected_actor\` is ${JSON.stringify(actor)}, neither galph nor ralph`);
  if (typeof status !== 'string' || !STATUSES.includes(status)) {
    return corrupt(`\`status\` is ${JSON.stringify(status)}; known are ${STATUSES.join(', ')}`);
  }
  const sure = ROLE_OF_STATUS[status];
  if (sure !== undefined && sure !== role) {
    return corrupt(`\`status\` is ${status}, and \`expected_actor\` is ${ACTORS[role]}: they contradict each other`);
  }
  return { ok: true, value: { iteration, role } };
}

function byStep(given: Record<string, unknown>): PlaceResult {
  const step = countAt(given, 'step_index', 0);
  if (step === undefined) return corrupt('`step_index` is not a whole number of at least 0');
  const { status = 'idle', iteration } = given;
  if (typeof status !== 'string' || ![...LATER_STATUSES, ...STATUSES].includes(status)) {
    return corrupt(`\`status\` is ${JSON.stringify(status)}; known are ${LATER_STATUSES.join(', ')}`);
  }
  // Steps are what this generation counts; its iteration is the number of the step.
  if (iteration !== undefined && iteration !== step + 1) {
    return corrupt(
      `\`iteration\` is ${JSON.stringify(iteration)}, and step_index is ${step}: they contradict each other`,
    );
  }
  return { ok: true, value: { iteration: Math.floor(step / 2) + 1, role: step % 2 === 0 ? 'supervisor' : 'main' } };
}

function countAt(given: Record<string, unknown>, key: string, least: number, absent?: number): number | undefined {
  const value = given[key] ?? absent;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least ? value : undefined;
}

function corrupt(message: string): { ok: false; error: StateFault } {
  return { ok: false, error: { code: 'state_corrupt', message } };
}
