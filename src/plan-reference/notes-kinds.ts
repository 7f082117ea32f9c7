import type { Note } from './note.js';

type Notes = Readonly<Record<string, Note>>;

/** The kinds of steps. */
export const KINDS: Notes = {
  'step_def.command': {
    text: 'A program with arguments, run without a shell: the long form of a step with `command`.',
    about: 'Without `step_def`, its keys are set on the step itself.',
  },
  'step_def.shell': {
    text: 'A script for `sh`.',
    about:
      'It runs with `sh -e`: the first command that fails ends it. Its text is never templated; inputs and env are environment variables: write `"$NAME"`. Give `script` or `script_file`.',
  },
  'step_def.powershell': {
    text: "A script for PowerShell: `pwsh`, else `powershell.exe`, from the step's `PATH`.",
    about:
      'The exit code is that of `exit`; else 1 after an error that ends a statement; else that of the last native command. If PowerShell is not installed, the step fails with `spawn_failed`.',
  },
  'step_def.http': {
    text: 'An HTTP call.',
    about:
      'At most 5 redirects are followed, and change the method as in browsers: POST becomes GET after 301 and 302, any method but HEAD after 303; 307 and 308 send the same again. Another origin (scheme, host or port) receives only headers that describe what is sent and wanted, such as `Accept` and `Content-Type`; a redirect whose URL or body would send a secret there fails the step with `http_network`. With `retries`, calls are tried again after network errors, timeouts and the statuses 408, 425, 429 and 5xx, no sooner than `Retry-After` asks for. The response becomes its [outputs](#outputs-of-http-calls-approvals-and-sub-plans).',
  },
  'step_def.approval': {
    text: 'Waits until a person approves or rejects.',
    about:
      'It waits in Temporal, for as long as necessary, through restarts of everything, and does not count toward `max_concurrency`. Approved, it is a success; rejected, it has failed with the reason `rejected`. See [Approvals](#approvals).',
  },
  'step_def.wait': {
    text: 'Waits for a time.',
    about:
      'In Temporal, through restarts of everything; it does not count toward `max_concurrency`. Give `seconds` or `until`.',
  },
  'step_def.plan': {
    text: 'Runs another plan, as a run of its own below this one.',
    about: [
      'Its id is that of this run, a dot and the id of the step: `RUN.STEP`, with `foreach` `RUN.STEP[0]` …; each further try, of `retries` or `orch retry`, is a new run, `RUN.STEP~2` …. `orch status`, `watch`, `explain` and all other commands take such an id; `orch list --all` lists these runs too. What waits for a person in a sub-plan is answered there.',
      'The step is a success if that run succeeded, a warning if it had warnings, failed (`sub_plan_failed`) if it failed, canceled if somebody canceled it. Its outputs are the [`outputs`](#outputs) of the plan, and `run_id`.',
      'All sub-plans are read and checked when the plan is, and kept with the run: later edits have no effect. A plan cannot run itself, directly or indirectly; at most 10 levels are nested. A run starts at most 4,000 sub-plans.',
      'In the sub-plan, paths are relative to the folder where the run was started. It receives the environment variables that were passed to this run, with the names that its own templates mention. It does not see the inputs, `globals.env` and `globals.cwd` of this plan; what `env` of the step names is passed to it, too. Locks that are held here are held for it. `queue` is that of the sub-plan and of its steps.',
      'The step counts as one toward `max_concurrency` here; the steps of the sub-plan count in their own plan. Canceling the step or the run cancels the sub-plan, whose `finally` runs, and waits for it; `--force` is passed on. A pause is not: pause the run of the sub-plan itself. Such a step has no `timeout_sec`: `run_timeout_sec` of the sub-plan limits it. It has `retries` and `retry_delay_sec`, and no `retry`.',
    ].join('\n\n'),
  },
  'step_def.noop': { text: 'Does nothing: a point of the graph where branches meet.', about: 'It has no fields.' },
};

const timeout: Note = {
  default: '`globals.default_timeout_sec`',
  about: 'The same as `timeout_sec` of the step; set only one of the two.',
};
const stdin: Note = { default: 'empty', about: 'Templates are expanded.' };

/** The fields of steps that run a process. */
export const PROCESSES: Notes = {
  'step_def.command.command': { about: 'As `command` of a step.' },
  'step_def.command.args': { default: 'none', about: 'As `args` of a step.' },
  'step_def.command.shell': {
    text: '`true`: the shell runs `command`.',
    default: '`false`',
    about: 'As `shell` of a step.',
  },
  'step_def.command.stdin': stdin,
  'step_def.command.timeout_sec': timeout,
  'step_def.shell.script': {
    text: 'The script.',
    required: 'this or `script_file`',
    about: 'Never templated.',
  },
  'step_def.shell.script_file': {
    text: 'A file with the script.',
    required: 'this or `script`',
    about: "Relative to the step's `cwd`, on the machine that runs the step.",
  },
  'step_def.shell.stdin': stdin,
  'step_def.shell.timeout_sec': timeout,
  'step_def.powershell.script': {
    text: 'The script, or the name of its file.',
    about:
      "One line that ends in `.ps1` is a file, relative to the step's `cwd`; anything else is the text itself, which is never templated.",
  },
  'step_def.powershell.args': {
    text: 'Arguments of the script.',
    type: 'list of texts or map of names to anything',
    default: 'none',
    about:
      'In a list, `-Name` names a parameter and all else is a value. In a map every value is one; names may carry their dash, `true` and `false` set a switch, `null` leaves it out. Templates are expanded, and no value is read as code.',
  },
  'step_def.powershell.stdin': { default: 'empty', about: 'The script reads it as `$input`. Templates are expanded.' },
  'step_def.powershell.timeout_sec': timeout,
};

/** The fields of `http`. */
export const HTTP: Notes = {
  'step_def.http.url': { about: 'Absolute, without user name and password. Templates are expanded.' },
  'step_def.http.method': { about: 'Case does not matter. CONNECT and TRACE cannot be used.' },
  'step_def.http.headers': { default: 'none', about: 'Templates in values are expanded.' },
  'step_def.http.body': {
    default: 'none',
    about:
      'Text is sent as it is, anything else as JSON, with `Content-Type: application/json` if you set none. Templates in all its texts are expanded. GET and HEAD have none.',
  },
  'step_def.http.expect_status': {
    text: 'The statuses that are a success.',
    type: 'code (`200`), class (`2xx`) or range (`200-204`), or a list of them',
    limits: '100 to 599',
    about: 'Any other status fails the step with `http_status`.',
  },
  'step_def.http.max_body_bytes': { about: 'A longer one fails the step with `http_body_too_large`.' },
  'step_def.http.timeout_sec': {
    ...timeout,
    about: 'From the first byte sent to the last one received, redirects included. It may be set on the step instead.',
  },
};

/** The fields of `approval`. */
export const APPROVAL: Notes = {
  'step_def.approval.message': { default: 'none', about: 'Shown to whoever is asked.' },
  'step_def.approval.approvers': {
    about:
      'The names that `--by` may give; without `--by` it is `user@host`. Names are not checked. On the embedded service only you can answer, since answers are signed with a key that only you can read; on a server of your own, anyone who can reach it.',
  },
  'step_def.approval.inputs': {
    default: 'none',
    about:
      'Declared as the [inputs of a plan](#keys-of-an-input) are, and checked when the answer comes: an answer that does not fit is refused, and the step keeps waiting.',
  },
  'step_def.approval.default': {
    about: 'Has no effect without `timeout_sec`. A step that is decided by it has none of `inputs` as outputs.',
  },
  'step_def.approval.key': {
    default: 'none',
    about:
      "Answering one of them answers all: those that wait at the time, and those whose turn comes later in the same run. They have the same `approvers` and `inputs`. The outputs are the same too, and `outputs.source` says where the answer came from: `prompt`, or `cache`. A decision by `timeout_sec` is nobody's, and is not kept. After `orch retry` of a rejected one the question is asked again.",
  },
  'step_def.approval.policy': {
    default: '`ask`',
    about:
      'With `never` the step fails at once as `rejected`, unless its `key` has been approved before: for runs without a person, which must not proceed on their own.',
  },
  'step_def.approval.timeout_sec': { about: 'It may be set on the step instead.' },
};

/** The fields of `wait`. */
export const WAIT: Notes = {
  'step_def.wait.seconds': { required: 'this or `until`' },
  'step_def.wait.until': {
    text: 'Until when: date, time and time zone (RFC 3339).',
    required: 'this or `seconds`',
    about: 'As `2030-01-31T08:00:00Z` or `2030-01-31T08:00:00+01:00`.',
  },
};

/** The fields of `plan`. */
export const PLAN: Notes = {
  'step_def.plan.plan': {
    text: 'The file of the plan, JSON or YAML.',
    about: 'Relative to the folder of the plan that names it. Never templated: it is read before the run starts.',
  },
  'step_def.plan.inputs': {
    text: 'Values of the inputs that the plan declares.',
    type: 'map of names to anything',
    default: 'none',
    limits: '128 KiB in all',
    about:
      'Checked when the plan is loaded; values with templates, when the step starts, which then fails with `input_invalid`. A text that consists of a single `${{ }}` keeps the type of its value; a text for an input of another type is read as on the command line.',
  },
};
