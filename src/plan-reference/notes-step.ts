import type { Note } from './note.js';

/** The keys of a step. */
export const STEP: Readonly<Record<string, Note>> = {
  'step.id': { about: "Letters, digits, `_`, `.` and `-`. In expressions: `prev.build`, `prev['unit-tests.linux']`." },
  'step.name': { default: 'the id' },
  'step.description': { default: 'none', about: 'For people; it has no effect.' },
  'step.tags': {
    default: 'none',
    about: 'Shown by `orch plan`, `orch status` and in their JSON; they have no effect on a run.',
  },
  'step.ui_hints': {
    default: 'none',
    about: 'For `orch plan`, `orch status` and the table in the Web UI; they have no effect on a run.',
  },
  'step.ui_hints.group': { default: 'none' },
  'step.ui_hints.weight': {},
  'step.command': {
    required: 'this or `step_def`',
    about:
      "Found on the step's `PATH`, run without a shell. Templates are expanded, unless `shell: true` makes it a line of the shell. It is short for `step_def: {type: command}`.",
  },
  'step.args': {
    type: 'list of texts',
    default: 'none',
    about:
      'Each is one argument, whatever it contains. Templates are expanded, except in the script that follows `-c` of a shell.',
  },
  'step.shell': {
    text: '`true`: the shell runs `command`.',
    default: '`false`',
    about:
      'The line is run by `/bin/sh -c` (`cmd.exe` on Windows) and never templated: inputs and env are variables of the environment there, so no value can become code. `args` follow as separate words.',
  },
  'step.stdin': { default: 'empty', about: 'Templates are expanded.' },
  'step.step_def': {
    text: 'What the step does, where it is more than a plain command.',
    required: 'this or `command`',
    about: 'Its `type` decides which keys it has: see [Kinds of steps](#kinds-of-steps).',
  },
  'step.cwd': {
    default: '`globals.cwd`',
    about:
      'Relative to `globals.cwd`, unless it is absolute. Templates are expanded. The folder must exist. Only for steps that run a process.',
  },
  'step.env': {
    default: 'empty',
    about:
      "The topmost layer of the step's environment. Values are texts. Templates in it, `env.NAME` in its expressions too, are resolved from the layers below.",
  },
  'step.depends_on': {
    default: 'none',
    about:
      'Steps of the same list: those of `finally` may depend only on each other. `trigger_rule` says how they must have ended.',
  },
  'step.provides': {
    default: 'none',
    about: 'A name has one provider. Nothing is stored or passed: it names an edge of the graph.',
  },
  'step.consumes': {
    default: 'none',
    about: 'The same as `depends_on` for the step that provides it. A name that none or two provide is refused.',
  },
  'step.trigger_rule': {
    default: '`all_success`',
    about:
      '`all_success`: all succeeded. `none_failed`: none failed; branches that were not taken do not matter. `all_done`: all have ended, in any way. A step whose rule is not met is skipped. See [What happens when](#what-happens-when).',
  },
  'step.condition': {
    text: 'An [expression](#expressions): if it is false, the step is skipped, as a branch that is not taken.',
    default: 'none',
    about:
      'Evaluated when all dependencies have ended and the trigger rule is met. What depends on the step is skipped too, unless its `trigger_rule` is another.',
  },
  'step.skip_if': {
    text: 'An [expression](#expressions), or a list of them: if one is true, the step is skipped as not needed.',
    type: 'text or list of texts',
    default: 'none',
    about: 'Evaluated before `condition`. Dependents of the step still run.',
  },
  'step.timeout_sec': {
    default: '`globals.default_timeout_sec`; for approvals `none`',
    about:
      'For command, shell, powershell and http: an attempt that takes longer is stopped and fails with `timeout`. For approvals: how long until `default` decides. Waits and noops have none. It may be set in `step_def` instead, but not in both.',
  },
  'step.retries': {
    default: '`globals.default_retries`',
    about: '`2` means at most three executions. The loss of a worker is not a failed execution.',
  },
  'step.retry_delay_sec': { default: '`globals.default_retry_delay_sec`' },
  'step.retry': { default: 'the defaults of its keys', about: 'Has no effect without `retries`.' },
  'step.retry.backoff': { about: '`exponential` doubles the delay with each failure, from `retry_delay_sec` on.' },
  'step.retry.max_delay_sec': {
    default: 'no limit',
    about: 'A longer `Retry-After` of a server is still respected.',
  },
  'step.retry.on': {
    text: 'The reasons that are retried.',
    default: 'see below',
    about:
      'By default, every failure that another attempt may fix is retried: not `lost`, and of HTTP calls only network errors, timeouts and the statuses 408, 425, 429 and 5xx. A failed expression and a rejection happen before or without an execution, so they are never retried. [errors.md](errors.md) explains each reason.',
  },
  'step.retry.no_retry_exit_codes': { default: 'none', about: 'Takes precedence over `on`.' },
  'step.summary': {
    type: 'true, false or text',
    default: '`false`',
    about:
      '`true`: `Terminated with signal TERM`; `Exited with code 2 — ` and the end of stderr; the end of stdout, or of stderr; `Command completed with code 0`. At most 240 characters. If a signal ended the process, `exit_code` is 128. Only for steps that run a process.',
  },
  'step.success_exit_codes': { about: 'It replaces the default: keep the 0. Only for steps that run a process.' },
  'step.warning_exit_codes': {
    default: 'none',
    about: 'The step ends as `warning`, which counts as passed everywhere. `--strict` makes the command exit with 1.',
  },
  'step.on_failure': {
    default: '`abort`',
    about:
      '`abort`: running steps are stopped, nothing new starts, `finally` runs, the run fails. `skip_dependents`: what depends on the step is skipped, the rest continues. `continue`: its dependents run, too, and can read its status. On a step that is not `critical`, and in `finally`, `abort` means `skip_dependents`. `skip`: the step is `skipped`, with the reason `failure_allowed`; its dependents still run, and neither outcome nor warnings change. Its exit code and message stay.',
  },
  'step.fallback_step': {
    default: 'none',
    about:
      "The fallback sleeps until its owner has failed for good, and has one owner only; unused, it is skipped as `not_needed`. If it succeeds, the owner counts as recovered, and its outputs are the fallback's. If it fails, the fallback's own `on_failure` applies.",
  },
  'step.critical': {
    text: 'Whether a failure fails the run.',
    default: '`true`',
    about:
      'It affects the outcome, `on_failure` the flow. A run in which only other steps failed succeeds, with a count of warnings.',
  },
  'step.foreach': {
    text: 'Runs the step once for each element of a list: a literal, or an [expression](#expressions) that returns one.',
    type: 'text or list of anything',
    limits: 'at most 10,000 elements',
    default: 'none',
    about:
      'In `args`, `env` and other templates `item` is the element and `index` its number, from 0. `condition` and `skip_if` are evaluated once, before. Retries and timeout apply to each instance. All instances run; then the step is failed if any failed, else warning if any warned, else success, also for an empty list. `outputs.NAME` is the list of their outputs, in order. `orch rerun` and `orch retry` run only the items again that did not go well. For steps that run a process or a call.',
  },
  'step.max_parallel': {
    default: '`globals.max_concurrency`',
    about: 'Has no effect without `foreach`. `globals.max_concurrency` applies to the instances of all steps together.',
  },
  'step.run_once': {
    about:
      'The death of a worker costs nothing: the process continues, and the next worker takes it over. But if the process itself was killed, or its host went down, nobody knows how far it got, and it is started again. With `run_once: true` it then fails as `lost`.',
  },
  'step.max_output_bytes': {
    about:
      'Stdout and stderr together. A step that writes more is stopped and fails with `output_cap`; what it wrote before is kept.',
  },
  'step.secrets': {
    default: 'none',
    about:
      'A name says where the worker finds the value: `env` is a variable of the worker, `file` a file (relative to the folder where the run was started), `command` a line of the shell, or a list of program and arguments, that prints it. `${{ secrets.NAME }}` may be used in `env`, `stdin`, and in the `url`, `headers` and `body` of an http step, nowhere else: arguments are visible to all users of a machine. The value is read at the last moment, and is not in any history, log, manifest or message: there it appears as `***`, also in JSON, URLs, HTML, base64 (in lines, too), hex, UTF-16 and what Python and shells print, and so do well-known kinds of tokens and private keys that were not declared.',
  },
  'step.secrets.env': {},
  'step.secrets.file': {},
  'step.secrets.command': { limits: 'ends within 30 s' },
  'step.locks': {
    text: 'Names that the step holds against other steps, of this and of other runs, while it runs.',
    limits: 'each name at most 512 characters once its templates are filled in',
    about:
      'First come, first served. The lock covers all attempts of the step together; with `foreach` each instance takes it. May contain templates. A step that waits counts as running, also toward `max_concurrency`; its timeout starts once it has the lock. `orch explain RUN STEP` says who holds it. Steps of type approval, wait and noop hold none.',
  },
  'step.queue': {
    default: 'the queue of the run',
    about:
      'For machines with something that others lack. Workers serve it with `orch worker --task-queue NAME`; while none does, the step waits.',
  },
  'step.grace_sec': {
    about:
      'For a step that is stopped: by its timeout, an abort or a cancellation. Its whole process group gets the signals.',
  },
};
