import type { Note } from './note.js';

type Notes = Readonly<Record<string, Note>>;

/** The keys at the top of a plan. */
export const TOP: Notes = {
  plan_id: { about: 'A run is called `<plan_id>-<random>`, unless `--id` gives it a name.' },
  version: {
    about:
      'Write it with the quotes: YAML reads `1.0` as a number. It is the version of the language, not of your plan.',
  },
  description: { default: 'none', about: 'For people; nothing is done with it.' },
  metadata: {
    type: 'map of names to anything',
    default: 'empty',
    about: '`project` and `tags` are listed with the run (`orch status`, the Web UI). The place for keys of your own.',
  },
  inputs: {
    default: 'none',
    limits: 'names of letters, digits and `_`, no digit first',
    about:
      'Given by `--input NAME=VALUE`, or by `--inputs FILE` (JSON or YAML). A step finds each as an environment variable, a template as `${NAME}`, an expression as `inputs.NAME`. A name that is not declared is refused. One that is too large for an environment variable is not put into the environment of steps (docs/limits.md).',
  },
  globals: {
    default: 'the defaults of its keys',
    about: 'Limits and environment of the whole plan, defaults of its steps.',
  },
  outputs: {
    text: 'What the run hands out in the end, by name.',
    type: 'map of names to anything',
    default: 'none',
    limits: 'names of letters, digits, `_` and `-`; 128 KiB in all',
    about:
      'Texts in it may hold templates, which can read every step; one that is nothing but `${{ }}` keeps the type of its value. `orch run --json` shows them, and a step that [runs this plan](#step_defplan) has them as its outputs. They are worked out when all steps have ended, also where the run failed; what cannot be worked out, because its step did not run say, is left out, and so are all where they are too large.',
  },
  guardrails: {
    default: 'none',
    about:
      'Where one has failed, or has not run by the end, `orch run` and `orch status` say so in a line of their own, and what to do; nothing else changes. An empty list says that nothing guards the plan, which is told too.',
  },
  steps: {
    about:
      'A step starts as soon as all that it depends on has ended. Steps that do not depend on each other run side by side, up to `globals.max_concurrency`. Cycles are refused.',
  },
  finally: {
    default: 'none',
    about:
      'They run whatever the end was: success, failure, abort, timeout, cancellation. They can read every step of `steps` in expressions, and have `globals.finally_timeout_sec` in all. One that fails fails the run, unless it is not `critical`; it stops none of the others but its own dependents.',
  },
};

/** The keys of one input. */
export const INPUTS: Notes = {
  'inputs.type': {
    text: 'What kind of value it is.',
    default: '`string`',
    about:
      'Text of the command line is converted: `3` to an integer, `true` to a boolean, JSON to an array or object; what does not fit is refused before the run starts. In the environment anything but a string stands as JSON.',
  },
  'inputs.default': {
    text: 'The value where none is given.',
    default: 'none',
    limits: 'of the type of the input',
    about: 'An input without a value and without a default is no environment variable at all.',
  },
  'inputs.required': {
    text: 'Whether a run can start without a value.',
    default: '`false`',
    about: 'Where a `default` is given, that is the value, and nothing is missing.',
  },
  'inputs.enum': { default: 'any value', limits: 'at least 1, each of the type of the input' },
  'inputs.description': { default: 'none', about: 'For people who start the plan.' },
};

/** The keys of `globals`. */
export const GLOBALS: Notes = {
  'globals.max_concurrency': {
    about: 'Steps, and instances of `foreach`, that run at a time. Approvals and waits take no place.',
  },
  'globals.default_timeout_sec': {
    about:
      'For steps of type command, shell, powershell and http that set no `timeout_sec` of their own. Approvals wait for as long as they must.',
  },
  'globals.max_step_duration_sec': {
    about:
      'Counts from the start of the first attempt, delays between attempts included; no retry starts after it. It does not hold for steps that run a plan: their own steps have their limits, and the `run_timeout_sec` of that plan limits it as a whole.',
  },
  'globals.default_retries': { about: 'A step that says `retries: 0` is not retried.' },
  'globals.default_retry_delay_sec': { about: 'For steps that set no `retry_delay_sec`.' },
  'globals.env': {
    default: 'empty',
    about:
      "Values are texts: put numbers in quotes. Templates in it are looked up in what lies below, inputs and what the run took along; so `BRANCH: ${BRANCH}` works. A step's `env` lies above it.",
  },
  'globals.env_aliases': {
    type: 'map of names to names',
    default: 'none',
    about:
      "For scripts that were written for another tool. The values come from the worker, which alone knows the folders: `ORCH_RUN_DIR`, `ORCH_RUNS_DIR`, `ORCH_MANIFEST`, `ORCH_RUN_ID`, `ORCH_STEP_ID`, `ORCH_ATTEMPT`, `ORCH_IDEMPOTENCY_KEY`. What `env` sets lies above, so `NAME: ''` in a step's `env` makes it empty there.",
  },
  'globals.cwd': {
    default: 'the folder where the run was started',
    about:
      'May hold templates. On a Temporal service of your own, whose workers may run elsewhere, it must be absolute.',
  },
  'globals.run_timeout_sec': {
    about:
      'When it is over, running steps are stopped, the rest is canceled, `finally` runs, and the run has failed. Waits and approvals count.',
  },
  'globals.finally_timeout_sec': { about: 'What still runs by then is stopped and counts as canceled.' },
  'globals.max_lost': {
    about:
      'A worker that dies costs a step nothing: its process goes on, and the next worker takes it over. This is about processes that are killed themselves, or whose host goes down: they are started again so many times, and fail as `lost` after that.',
  },
  'globals.on_abort': {
    text: 'What an abort does: `fail` ends the run, `quarantine` holds it for a person to decide.',
    default: '`fail`',
    about:
      'In a quarantine nothing starts, running steps finish, `finally` waits, and `orch run` exits with 5. `orch retry RUN STEP` tries the failed step again, `orch skip RUN STEP` goes on as if it had gone well, `orch resume RUN` gives the failed steps up as `skip_dependents` would, `orch cancel RUN` ends the run.',
  },
  'globals.breaker': {
    about:
      'Counted for each tool within the run: the program of a command, or `shell`, `powershell`, `http`. After `failures` steps in a row that failed for good it opens: steps of that tool wait for the cooldown, then one goes first as a probe. Where it goes well the others follow, else they wait again. `breaker: {}` switches it on with its defaults.',
  },
  'globals.breaker.failures': { about: 'Retries of a step do not count, only its end.' },
  'globals.breaker.cooldown_sec': { about: 'Steps that wait for it take no place of `max_concurrency`.' },
  'globals.secrets': {
    default: 'none',
    about:
      'As `secrets` of a step, for all of them; those of a step lie above. All are hidden in what every step prints.',
  },
  'globals.secrets.env': {},
  'globals.secrets.file': {},
  'globals.secrets.command': { limits: 'ends within 30 s' },
  'globals.locks': {
    text: 'Names that the run holds against other runs, from before its first step until after `finally`.',
    limits: 'each name at most 512 characters once its templates are filled in',
    about:
      'Runs that name the same lock run one after the other, in the order in which they asked. May hold templates. Steps of the run need not name them again, and its sub-plans hold them with it. A run that is canceled while it waits runs nothing, not even `finally`. `orch locks` shows who holds what and who waits. A run that is gone keeps no lock: it is freed once its processes have had time to stop. Several are taken in the order of their names; but two runs that hold a lock as runs and want that of the other for a step wait for each other until one is canceled.',
  },
  'globals.pass_env': {
    default: 'none',
    about:
      "Names that templates and expressions of the plan mention are taken along anyway, those given by `--env NAME[=VALUE]` too. A name that is not set is left out. What is taken along stands in the run's history in clear, so names that look like secrets are refused: set those where the worker runs.",
  },
};
