import type { Note } from './note.js';

type Notes = Readonly<Record<string, Note>>;

const BUDGET: Readonly<Record<string, Note>> = {
  tokens: { default: 'none', about: 'As counted by the agent; cached input tokens count, too.' },
  cost_usd: {
    default: 'none',
    about: 'As far as the agent reports it: Claude Code and opencode do, Codex and Gemini report only tokens.',
  },
  wall_sec: { default: 'none', about: 'Time that a step spends waiting for a quota or a person does not count.' },
  soft: { about: 'Exceeding it is reported once, in the record and in `orch status`; nothing is stopped.' },
};

function budgetNotes(parent: string): Notes {
  return Object.fromEntries(Object.entries(BUDGET).map(([key, note]) => [`${parent}.${key}`, note]));
}

/** The settings of agents in `globals`. */
export const AGENT_SETTINGS: Notes = {
  'globals.agents': {
    default: 'none',
    about:
      'A step names an agent by its name here, or `codex`, `claude`, `gemini`, `opencode` without any. The same map may be in a file `orch.config.yaml`, under the key `agents`, next to the plan or in the folder where the run is started; if both define an agent, each key in the plan takes precedence. See [agents.md](agents.md).',
  },
  'globals.agents.adapter': {
    default: 'the name of the agent, if it is one; otherwise `generic`',
    about:
      'Determines which flags are passed and how the output is read. `generic` is any other command; `dispatch` a script that takes `--prompt-file`, `-C`, `-o`, `--tier` and `-s`.',
  },
  'globals.agents.command': {
    about: 'Looked for on the PATH of the step. For `dispatch` the script, which `bash` runs.',
  },
  'globals.agents.args': {
    default: 'none',
    about: '`permissions: full` switches its sandbox off; other flags of that kind are yours to give.',
  },
  'globals.agents.env': {
    default: 'none',
    about: 'They are stored in plain text in the history. A secret belongs in `env` of the step.',
  },
  'globals.agents.model': { default: "the agent's own", about: '`model` and `tier` of a step take precedence.' },
  'globals.agents.tiers': {
    default: 'none',
    about: 'Lets a plan say `fast` or `deep`, and one place define what that means today.',
  },
  'globals.agents.permissions': {
    about:
      'Given to the agent by its own flags; [agents.md](agents.md#what-an-agent-may-do) says which. `edit` refuses what would ask a person, and many commands would. `full` switches sandbox and approvals off, so the agent may do all that its user may; orch says so when a run is started. Reviews, and steps with `sandbox: read-only`, only ever read.',
  },
  'globals.agents.push': {
    about:
      'With `deny` every `git push` below the agent fails: by its environment, and in a worktree of its own by a hook. It keeps an agent from a mistake, not from an attack.',
  },
  'globals.agents.leftovers': {
    about:
      'Servers and watchers that are still there when its turn has ended are told to end 5 s later, and are killed 5 s after that. `keep` leaves them alone. Those of an agent that is stopped always go.',
  },
  'globals.agents.account': {
    about:
      'When an agent reaches its usage limit, all steps of all runs whose agents have the same account wait together, and continue one after the other.',
  },
  'globals.agents.park': { about: 'With `false` the step fails with `quota`, and `retries` apply.' },
  'globals.agents.prompt_via': {
    about: '`file` and `arg` make it the last argument: the path of a file, or the text.',
  },
  'globals.agents.events': {
    about:
      'With `none`, all that it prints is its answer. With `json` each line is an event; [agents.md](agents.md#any-other-command) lists them.',
  },
  'globals.agents.resume_args': {
    default: 'none: each turn is a session of its own',
    about: 'They come after `args`. Only an agent that prints its session (`events: json`) can continue one.',
  },
  'globals.budget': {
    default: 'none',
    about:
      'A step that has a budget sets it aside before it starts; if not enough is left, it waits for others to give back what they did not use, or fails with `budget_exceeded`. A turn that would exceed what is left is stopped.',
  },
  ...budgetNotes('globals.budget'),
};

/** The fields of `agent`. */
export const AGENT: Notes = {
  'step_def.agent': {
    text: 'A task for a coding agent.',
    about: [
      'One turn of the agent, then the commands of `verify`, then the `review`; their findings go back to the agent, in the same session. `pass` is a success, `warn` a warning, `fail` and `error` a failure (`verdict`). A step whose agent asks a question, or whose work does not pass in the end, waits for a person: `orch answer RUN STEP TEXT`, `orch approve` accepts its work as it is, `orch retry` lets it try again, `orch reject` ends it. Meanwhile it does not count toward `max_concurrency`.',
      'The verdict is taken from the file `$ORCH_VERDICT` if the agent leaves one, else from its structured answer, else from the last line `VERDICT: …` or block `--- VERDICT ---` of its answer. One that was asked for a verdict and gave none is a `warn`, as is a `pass` that other evidence contradicts; an agent that exits with 0 without an answer has failed.',
      'Each turn is an attempt: its prompt, logs and verdict are in the folder of the run. A worker that is killed leaves the agent running, and the next one takes it over. An agent that is killed continues its session, if it has one.',
      'Its [outputs](#outputs-of-steps) are `verdict`, `message`, `session_id`, `tokens`, `cost_usd`, `branch`, and the properties of its answer. [agents.md](agents.md) describes each agent.',
    ].join('\n\n'),
  },
  'step_def.agent.agent': {
    about: 'One of `globals.agents` or of the configuration file, or `codex`, `claude`, `gemini`, `opencode`.',
  },
  'step_def.agent.prompt': {
    required: 'this or `prompt_file`',
    about: 'Templates are expanded. What an earlier agent said may be used here; it is text, never code.',
  },
  'step_def.agent.prompt_file': {
    required: 'this or `prompt`',
    about: 'Read when the run is started, at most 256 KiB: later edits have no effect. Templates are not expanded.',
  },
  'step_def.agent.prompt_text': { default: 'read from `prompt_file`', about: 'Has no effect without it.' },
  'step_def.agent.tier': { default: 'none', about: 'One of `tiers` in the settings of the agent.' },
  'step_def.agent.model': { default: 'that of the tier, or of the settings', about: 'As named by the agent.' },
  'step_def.agent.title': { about: 'Appears in the prompt: `## Task: …`.' },
  'step_def.agent.hint': { default: 'none', about: 'Appears in the prompt as it is. Templates are expanded.' },
  'step_def.agent.plan_file': { default: 'none', about: 'The agent is told to read what it says about its task.' },
  'step_def.agent.files': {
    default: 'none',
    about:
      'They are listed in the prompt. An agent that times out or crashes ends as `warning` if all of them exist and at least one has changed.',
  },
  'step_def.agent.context': {
    type: 'true or false, or map of `steps` (list of ids) and `max_bytes`',
    about:
      '`true`: of the steps that it depends on, in the order of the plan. The first 50 lines of what each said: for agents their last words, for other steps the end of their output. `max_bytes` is 32 KiB, shared by all.',
  },
  'step_def.agent.context.steps': {
    about: 'Each must run before: add it to `depends_on`, or to what that depends on.',
  },
  'step_def.agent.context.max_bytes': { about: 'Each step gets a share of it.' },
  'step_def.agent.stall_timeout_sec': { about: 'Then it is stopped and fails with `stalled`.' },
  'step_def.agent.session': {
    type: '`auto`, `fresh`, or map of `from` (id of a step)',
    default: '`auto`',
    about:
      "With `auto`, a retry, a fix and the answer to a question continue the agent's own session, if the adapter can; `fresh` starts a new one each time; `{from: STEP}` continues that of an earlier step that has ended, if it used the same agent.",
  },
  'step_def.agent.session.from': {
    required: 'in this form',
    about: 'It must use the same agent, otherwise a new session starts.',
  },
  'step_def.agent.output_schema': {
    default: 'none',
    about: 'The answer must be one JSON object. Passed to agents that have a flag for it; tell others in the prompt.',
  },
  'step_def.agent.verify': {
    type: 'list of maps of `run`, `expect` and `timeout_sec`',
    default: 'none',
    about:
      'Lines for the shell, run in the folder of the step, one after the other, all of them. `expect` is `exit N`, or `contains "TEXT"`, which checks both streams and ignores the exit code. Each may take 600 s.',
  },
  'step_def.agent.verify.run': { about: 'It sees the environment of the step.' },
  'step_def.agent.verify.expect': { about: '`\\"` and `\\\\` in the text stand for the character itself.' },
  'step_def.agent.verify.timeout_sec': { about: 'A gate that times out has not passed.' },
  'step_def.agent.review': {
    type: 'true or false, or map of `agent`, `tier`, `model`, `prompt`, `criteria_file` and `max_diff_lines`',
    about:
      'Another session, that may only read, is shown the task, the checks, and the change since the step began: the git diff of tracked and new files, at most 600 lines. Only `pass` approves.',
  },
  'step_def.agent.review.agent': { about: 'Ideally not the agent of the step.' },
  'step_def.agent.review.tier': { default: 'that of the step, for the same agent', about: 'As `tier` of the step.' },
  'step_def.agent.review.model': { default: 'that of the step, for the same agent', about: 'As `model` of the step.' },
  'step_def.agent.review.prompt': { default: 'none', about: 'Templates are expanded.' },
  'step_def.agent.review.criteria_file': {
    default: 'none',
    about: 'Read for each review, on the host where the step runs.',
  },
  'step_def.agent.review.max_diff_lines': { about: 'The reviewer is told how many more there are.' },
  'step_def.agent.max_fix_rounds': { about: 'After them the step waits for a person: `escalated`.' },
  'step_def.agent.budget': {
    default: 'none',
    about: 'Of all its turns and reviews together. Beyond it, the step fails with `budget_exceeded`.',
  },
  ...budgetNotes('step_def.agent.budget'),
  'step_def.agent.fallback_agents': {
    default: 'none',
    about:
      'Only for a quota: after any other failure, the same agent is tried again. They start a session of their own.',
  },
  'step_def.agent.worktree': {
    type: 'true or false, or map of `branch`, `base`, `submodules` and `sign`',
    about:
      'A git worktree on a branch `orch/RUN/STEP`, made from `base` (`HEAD`). Where the step ends well, all is committed to the branch and the tree is removed; else it stays where `orch status --json` says. Where the branch lacks the work (the agent has left it, or files of a merge are unmerged), the step has failed with `worktree`. Merge the branch in a step of its own.',
  },
  'step_def.agent.worktree.branch': { about: 'Where it is there already, the work goes on on it.' },
  'step_def.agent.worktree.base': { about: 'Has no effect if the branch already exists.' },
  'step_def.agent.worktree.submodules': {
    about:
      'By `git submodule update --init --recursive`, which may need the network. Without it their folders are empty.',
  },
  'step_def.agent.worktree.sign': {
    about: 'Only where no person is asked for it: a commit that takes longer than a minute is given up.',
  },
  'step_def.agent.sandbox': {
    about: '`read-only` lets its agents read only, whatever their `permissions`.',
  },
  'step_def.agent.answer_timeout_sec': {
    about: 'Then it fails, with `question` or `escalated`.',
  },
  'step_def.agent.timeout_sec': {
    default: '`globals.default_timeout_sec`',
    about: 'Of each turn. It may be set on the step instead.',
  },
};
