import type { Note } from './note.js';

type Notes = Readonly<Record<string, Note>>;

/** The keys at the top of a plan. */
export const TOP: Notes = {
  plan_id: { about: 'A run is called `<plan_id>-<random>`, unless `--id` names it.' },
  version: {
    default: 'none',
    about: 'For people, as is `description`. It is not the version of the plan language.',
  },
  language: {
    default: '`"1.0"`',
    about:
      'Only `"1.0"` exists. Write it where the file may be read years from now; with the quotes, since YAML reads `1.0` as a number.',
  },
  description: { default: 'none', about: 'For people; it has no effect.' },
  metadata: {
    type: 'map of names to anything',
    default: 'empty',
    about: '`project` and `tags` are listed with the run (`orch status`, the Web UI). The place for keys of your own.',
  },
  inputs: {
    default: 'none',
    limits: 'names of letters, digits and `_`, not starting with a digit',
    about:
      'Given by `--input NAME=VALUE`, or by `--inputs FILE` (JSON or YAML). A step reads each as an environment variable, a template as `${NAME}`, an expression as `inputs.NAME`. A name that is not declared is refused. One that is too large for an environment variable is not put into the environment of steps (docs/limits.md).',
  },
  schedule: {
    default: 'none',
    about:
      'Has no effect by itself: `orch schedule apply PLAN` makes the schedule, or changes it to what the plan says. [schedules.md](schedules.md) says more.',
  },
  globals: {
    default: 'the defaults of its keys',
    about: 'Limits and environment of the whole plan, defaults of its steps.',
  },
  outputs: {
    text: 'The outputs of the run, by name.',
    type: 'map of names to anything',
    default: 'none',
    limits: 'names of letters, digits, `_` and `-`; 128 KiB in all',
    about:
      'Texts in it may contain templates, which can read every step; one that consists of a single `${{ }}` keeps the type of its value. `orch run --json` shows them, and a step that [runs this plan](#step_defplan) has them as its outputs. They are evaluated when all steps have ended, even if the run failed; what cannot be evaluated, for example because its step did not run, is left out, and so are all of them if they are too large.',
  },
  guardrails: {
    default: 'none',
    about:
      'If one has failed, or has not run by the end, `orch run` and `orch status` say so in a separate line, with what to do; nothing else changes. An empty list means that nothing guards the plan, which is reported, too.',
  },
  steps: {
    about:
      'A step starts as soon as all that it depends on has ended. Steps that do not depend on each other run side by side, up to `globals.max_concurrency`. Cycles are refused.',
  },
  finally: {
    default: 'none',
    about:
      'They run however the run ended: success, failure, abort, timeout, cancellation. They can read every step of `steps` in expressions, and have `globals.finally_timeout_sec` in total. One that fails fails the run, unless it is not `critical`; it stops only its own dependents.',
  },
};

/** The keys of `schedule`. */
export const SCHEDULE: Notes = {
  'schedule.name': {
    default: 'the `plan_id`',
    about: 'Runs of the schedule are called `<name>-<time at which it was due>`.',
  },
  'schedule.cron': {
    default: 'none',
    about:
      'Five fields: minute, hour, day of the month, month (1 to 12, or jan to dec), day of the week (0 to 7, or sun to sat; 0 and 7 are Sunday). Each is `*`, a number, a range `1-5`, a list `1,15`, or with a step `*/15`. Where both days are restricted, one of them is enough. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand for such lines.',
  },
  'schedule.every_sec': {
    default: 'none',
    about: 'Due at multiples of that time since 1970 in UTC: `1h` is every full hour.',
  },
  'schedule.timezone': {
    default: '`UTC`',
    about:
      'A name of the IANA time zone database. A time that a change of clocks leaves out is not due; one that it repeats is due twice.',
  },
  'schedule.overlap': {
    default: '`skip`',
    about:
      '`skip` starts nothing, `buffer` starts one run when the last one has ended, `buffer-all` one for each time, `allow` starts it beside the last one, and `cancel-other` cancels the last one first.',
  },
  'schedule.catch_up_sec': {
    default: '`86400`',
    about: 'After an outage runs are started for the times that were missed within it, as `overlap` says.',
  },
  'schedule.pinned': {
    default: '`false`',
    about:
      'Without it, every run reads the plan again from its file. On a Temporal service of your own, whose workers do not have the file, the plan is always pinned.',
  },
  'schedule.inputs': {
    type: 'map of names to anything',
    default: 'none',
    about: 'What `--input` is for a run.',
  },
};

/** The keys of one input. */
export const INPUTS: Notes = {
  'inputs.type': {
    text: 'What kind of value it is.',
    default: '`string`',
    about:
      'Text of the command line is converted: `3` to an integer, `true` to a boolean, JSON to an array or object; what does not fit is refused before the run starts. In the environment, anything but a string is JSON.',
  },
  'inputs.default': {
    text: 'The value if none is given.',
    default: 'none',
    limits: 'of the type of the input',
    about: 'An input without a value and without a default does not become an environment variable.',
  },
  'inputs.required': {
    text: 'Whether a run can start without a value.',
    default: '`false`',
    about: 'If a `default` is given, that is the value, and nothing is missing.',
  },
  'inputs.enum': { default: 'any value', limits: 'at least 1, each of the type of the input' },
  'inputs.description': { default: 'none', about: 'For people who start the plan.' },
};

/** The keys of `globals`. */
export const GLOBALS: Notes = {
  'globals.max_concurrency': {
    about: 'Steps, and instances of `foreach`, that run at a time. Approvals and waits do not count.',
  },
  'globals.default_timeout_sec': {
    about:
      'For steps of type command, shell, powershell and http that set no `timeout_sec` of their own. Approvals wait for as long as necessary.',
  },
  'globals.max_step_duration_sec': {
    about:
      'Counts from the start of the first attempt, delays between attempts included; no retry starts after it. It does not apply to steps that run a plan: their own steps have their limits, and the `run_timeout_sec` of that plan limits it as a whole.',
  },
  'globals.default_retries': { about: 'A step that says `retries: 0` is not retried.' },
  'globals.default_retry_delay_sec': { about: 'For steps that set no `retry_delay_sec`.' },
  'globals.env': {
    default: 'empty',
    about:
      "Values are texts: put numbers in quotes. Templates in it are resolved from the layers below, inputs and the environment passed to the run; so `BRANCH: ${BRANCH}` works. A step's `env` overrides it.",
  },
  'globals.env_aliases': {
    type: 'map of names to names',
    default: 'none',
    about:
      "For scripts that were written for another tool. The values come from the worker, as only it knows the folders: `ORCH_RUN_DIR`, `ORCH_RUNS_DIR`, `ORCH_MANIFEST`, `ORCH_RUN_ID`, `ORCH_STEP_ID`, `ORCH_ATTEMPT`, `ORCH_IDEMPOTENCY_KEY`. What `env` sets takes precedence, so `NAME: ''` in a step's `env` makes it empty there.",
  },
  'globals.cwd': {
    default: 'the folder where the run was started',
    about: 'May contain templates. On your own Temporal service, whose workers may run elsewhere, it must be absolute.',
  },
  'globals.run_timeout_sec': {
    about:
      'When it is over, running steps are stopped, the rest is canceled, `finally` runs, and the run fails. Waits and approvals count.',
  },
  'globals.finally_timeout_sec': { about: 'What still runs by then is stopped and counts as canceled.' },
  'globals.max_lost': {
    about:
      'The death of a worker costs a step nothing: its process continues, and the next worker takes it over. This is about processes that are killed themselves, or whose host goes down: they are started again this many times, and then fail as `lost`.',
  },
  'globals.on_abort': {
    text: 'What an abort does: `fail` ends the run, `quarantine` holds it for a person to decide.',
    default: '`fail`',
    about:
      'In a quarantine nothing starts, running steps finish, `finally` waits, and `orch run` exits with 5. `orch retry RUN STEP` tries the failed step again, `orch skip RUN STEP` continues as if it had succeeded, `orch resume RUN` gives up on the failed steps as `skip_dependents` would, `orch cancel RUN` ends the run.',
  },
  'globals.breaker': {
    about:
      'Counted for each tool within the run: the program of a command, or `shell`, `powershell`, `http`. It opens after `failures` consecutive steps have failed for good: steps of that tool wait for the cooldown, then one goes first as a probe. If it succeeds, the others follow, otherwise they wait again. `breaker: {}` turns it on with its defaults.',
  },
  'globals.breaker.failures': { about: 'Retries of a step do not count, only its final result.' },
  'globals.breaker.cooldown_sec': { about: 'Steps that wait for it do not count toward `max_concurrency`.' },
  'globals.secrets': {
    default: 'none',
    about:
      'As `secrets` of a step, for all of them; those of a step take precedence. All are hidden in what every step prints.',
  },
  'globals.secrets.env': {},
  'globals.secrets.file': {},
  'globals.secrets.command': { limits: 'ends within 30 s' },
  'globals.locks': {
    text: 'Names that the run holds against other runs, from before its first step until after `finally`.',
    limits: 'each name at most 512 characters once its templates are filled in',
    about:
      'Runs that name the same lock run one after the other, in the order in which they asked. May contain templates. Steps of the run need not name them again, and its sub-plans hold them with it. A run that is canceled while it waits runs nothing, not even `finally`. `orch locks` shows who holds what and who waits. A run that is gone keeps no lock: it is released once its processes have had time to stop. Several are taken in the order of their names; but two runs that each hold a lock as runs and want that of the other for a step are deadlocked until one is canceled.',
  },
  'globals.notify': {
    default: 'none',
    limits: 'at most 20 entries',
    about:
      'Each entry is a command or a webhook. Notifications are sent by the worker, and the run does not wait for them, except at its end, for two minutes at most. One that fails changes nothing but the record of the run; `orch status` shows it. [notifications.md](notifications.md) describes what is sent and how a receiver checks it.',
  },
  'globals.notify.on': {
    about:
      '`waiting`: a step waits for a person, an approval or an agent with a question. `quarantined`: the run is held for a decision. The others are ends of the run, after `finally`. Runs of sub-plans have the `notify` of their own plan.',
  },
  'globals.notify.command': {
    required: 'without `webhook`',
    about:
      'Runs where steps run, in `globals.cwd`, for at most 60 s. The message is on its stdin, and the most important parts are in variables (`ORCH_EVENT`, `ORCH_TEXT`, `ORCH_RUN_ID` …). The entries of a list may contain templates; a line for the shell may not.',
  },
  'globals.notify.env': { default: 'empty', about: 'May contain templates and secrets.' },
  'globals.notify.webhook': { required: 'without `command`' },
  'globals.notify.webhook.url': {
    about:
      'May contain templates and secrets. It is shown nowhere but in the plan itself: put one that contains a token into a secret.',
  },
  'globals.notify.webhook.secret': {
    default: 'none: the message is not signed',
    about: 'Signs each message by HMAC-SHA256. It must be a secret.',
  },
  'globals.pass_env': {
    default: 'none',
    about:
      "Names that templates and expressions of the plan mention are passed anyway, as are those given by `--env NAME[=VALUE]`. A name that is not set is left out. What is passed is stored in plain text in the run's history, so names that look like secrets are refused: set those where the worker runs.",
  },
};
