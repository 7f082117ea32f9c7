import { quote, type Problem } from '../problems/problems.js';
import { valueAt } from '../problems/paths.js';
import { knownKeys } from './known-keys.js';
import { planSchema } from './plan.js';
import { kindsKnowing } from './step.js';

type Path = readonly PropertyKey[];
type Level = 'plan' | 'globals' | 'step' | 'step_def' | 'retry';

/** What the keys of neighbouring tools are called here, by where they are written. */
const NEIGHBOURS: Readonly<Record<Level, Readonly<Record<string, string>>>> = {
  plan: {
    name: 'a plan is named by plan_id, and described by description',
    jobs: 'write a list `steps`, each with an id',
    tasks: 'write a list `steps`, each with an id',
    stages: 'write a list `steps`, each with an id, and order them by depends_on',
    on: 'write schedule: {cron: …} for set times; orch starts nothing on other events',
    cron: 'write schedule: {cron: …}',
    variables: 'write globals.env, or inputs for what a run is given',
    vars: 'write globals.env, or inputs for what a run is given',
    params: 'write inputs',
    defaults: 'write globals: default_timeout_sec, default_retries, env, cwd',
    timeout: 'write globals.run_timeout_sec for the run, globals.default_timeout_sec for each step',
    timeout_sec: 'write globals.run_timeout_sec for the run, globals.default_timeout_sec for each step',
    retries: 'write globals.default_retries',
    always: 'write finally',
    parallelism: 'write globals.max_concurrency',
    concurrency: 'write globals.max_concurrency, or globals.locks for runs that must not overlap',
  },
  globals: {
    timeout: 'write default_timeout_sec for each step, run_timeout_sec for the run',
    timeout_sec: 'write default_timeout_sec for each step, run_timeout_sec for the run',
    retries: 'write default_retries',
    retry_delay_sec: 'write default_retry_delay_sec',
    parallelism: 'write max_concurrency',
    concurrency: 'write max_concurrency',
    environment: 'write env',
    working_directory: 'write cwd',
  },
  step: {
    run: 'write command and `shell: true`, or step_def: {type: shell, script: …}',
    cmd: 'write command',
    script: 'write step_def: {type: shell, script: …}',
    exec: 'write command',
    needs: 'write depends_on',
    requires: 'write depends_on',
    dependencies: 'write depends_on',
    deps: 'write depends_on',
    after: 'write depends_on',
    if: 'write condition',
    when: 'write condition; skip_if where the work is already done',
    unless: 'write skip_if',
    only_if: 'write condition',
    timeout: 'write timeout_sec: a number of seconds, or a time like 10m',
    timeout_minutes: 'write timeout_sec: 10m',
    max_retries: 'write retries',
    attempts: 'write retries: the executions after the first',
    continue_on_error: 'write on_failure: continue',
    ignore_errors: 'write on_failure: continue',
    allow_failure: 'write critical: false and on_failure: continue',
    environment: 'write env',
    working_directory: 'write cwd',
    workdir: 'write cwd',
    dir: 'write cwd',
    with: 'write inputs in step_def: {type: plan, …}, or env',
    uses: 'write step_def: {type: plan, plan: FILE}',
    matrix: 'write foreach',
    loop: 'write foreach',
    with_items: 'write foreach',
    title: 'write name',
    label: 'write name',
    metadata: 'a step has none; name the key `x-…`, or write description or tags',
    type: 'put it into step_def: {type: …}',
  },
  step_def: {
    run: 'write script',
    cmd: 'write command',
    timeout: 'write timeout_sec',
  },
  retry: {
    attempts: 'write retries on the step, beside retry: the executions after the first',
    max_attempts: 'write retries on the step, beside retry: the executions after the first',
    max: 'write retries on the step, beside retry: the executions after the first',
    times: 'write retries on the step, beside retry: the executions after the first',
  },
};

/** Keys that only tell something: misplaced they do no harm, and real plans have them at the top. */
const HARMLESS = new Set(['id', 'name', 'tags', 'description', 'ui_hints', 'summary', 'type']);

/**
 * What is said of a key whose place is a level up or down, or that neighbouring tools have: where it belongs. Left out,
 * it would change what the plan does, so it is an error wherever it stands.
 */
export function foreignKey(parent: Path, key: string, source: unknown): Pick<Problem, 'hint'> | undefined {
  const level = levelOf(parent);
  if (level === undefined) return undefined;
  const name = key.replaceAll('-', '_');
  const neighbour = Object.hasOwn(NEIGHBOURS[level], name) ? NEIGHBOURS[level][name] : undefined;
  const place = neighbour ?? placeOf(key, level, parent, source);
  return place === undefined ? undefined : { hint: place };
}

/** Real plans carry keys like doc_id at the top; deeper down, an unknown key is a mistake. */
export function strangeKey(parent: Path, key: string): Pick<Problem, 'hint' | 'severity'> {
  const top = parent.length === 0;
  return {
    hint: top
      ? `put it under metadata, or name it ${quote(`x-${key}`)}`
      : `name it ${quote(`x-${key}`)} if it is a note of your own`,
    severity: top ? 'warning' : 'error',
  };
}

function levelOf(parent: Path): Level | undefined {
  if (parent.length === 0) return 'plan';
  if (parent.length === 1 && parent[0] === 'globals') return 'globals';
  if (parent[0] !== 'steps' && parent[0] !== 'finally') return undefined;
  if (parent.length === 2) return 'step';
  if (parent.length !== 3) return undefined;
  return parent[2] === 'step_def' || parent[2] === 'retry' ? parent[2] : undefined;
}

/** In which part of a plan a key is known, as words of where to write it. */
function placeOf(key: string, level: Level, parent: Path, source: unknown): string | undefined {
  if (HARMLESS.has(key)) return undefined;
  const has = (path: Path): boolean => knownKeys(path, source, planSchema).includes(key);
  if (level !== 'globals' && has(['globals'])) {
    if (level === 'plan') return `write it under globals: globals.${key}`;
    if (level === 'step' && !kindsKnowing(key).length) return `it holds for the whole plan: write globals.${key}`;
  }
  if (level !== 'plan' && has([])) return 'it belongs at the top of the plan, beside steps';
  if (level === 'step') return actionPlace(key, valueAt(source, parent));
  if (level === 'retry' || !has(['steps', 0])) return undefined;
  return level === 'step_def' ? 'it belongs on the step, beside step_def' : 'it belongs on a step';
}

/** The kinds of steps that have the key, where it stands beside `step_def`. */
function actionPlace(key: string, step: unknown): string | undefined {
  const kinds = kindsKnowing(key);
  if (kinds.length === 0) return undefined;
  const own = valueAt(step, ['step_def', 'type']);
  if (own === undefined) return `put it into step_def: {type: ${kinds.join(' or ')}, ${key}: …}`;
  return typeof own === 'string' && kinds.includes(own)
    ? 'move it into step_def'
    : `only steps of type ${kinds.join(', ')} have it, in step_def`;
}
