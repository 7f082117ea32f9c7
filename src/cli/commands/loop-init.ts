import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EXIT, type CliContext } from '../context.js';

/** `orch loop init [FOLDER]`: writes a configuration and stubs of its prompts. What is there stays. */
export async function init(
  context: CliContext,
  folder: string | undefined,
  flags: { json?: boolean },
): Promise<number> {
  const dir = path.resolve(context.cwd, folder ?? '.');
  const written: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(FILES)) {
    const file = path.join(dir, name);
    if (existsSync(file)) {
      kept.push(name);
      continue;
    }
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
    written.push(name);
  }
  if (flags.json) context.out(`${JSON.stringify({ written, kept }, null, 2)}\n`);
  else {
    for (const name of written) context.note(`wrote ${name}\n`);
    for (const name of kept) context.note(`${name} already exists; left unchanged\n`);
    if (written.includes(CONFIG_FILE)) context.note(PERMISSIONS_NOTE);
    context.note('next: describe in prompts/ what each role does, then `orch loop`\n');
  }
  return EXIT.succeeded;
}

const CONFIG_FILE = 'orchestration.yaml';

const PERMISSIONS_NOTE =
  'note: its agents may do whatever you may do (permissions: full), so that they can run tests and commit; with edit they only change files\n';

const CONFIG = `# A loop of two roles: the supervisor decides what to do, main does it. \`orch loop\` runs it.
# Paths are relative to the folder of this file. docs/loop.md describes every key; schemas/orchestration.schema.json is for editors.
prompts_dir: prompts
supervisor_prompt: supervisor.md
main_prompt: main.md
reviewer_prompt: reviewer.md

# Iterations that one \`orch loop\` makes; each is a turn of the supervisor and a turn of main.
max_iterations: 20

# Who runs the prompts: auto is claude where it is installed, else codex. Prompts take precedence over roles.
agent:
  default: auto
  # roles: {supervisor: claude, main: codex}
  # prompts: {reviewer.md: claude}

# What agents may do: read, edit (change files, and run nothing that would ask you), or full (whatever you may do). The prompts
# here have them run tests and commit, which needs full: write edit where you do not want that, and say so in the prompts.
# Other agents are described here too, as in plans.
agents:
  claude: {permissions: full}
  codex: {permissions: full}
  # mine: {command: ./my-agent.sh}

# Prompts chosen by rules, or by a prompt whose answer is one line: the name of the prompt to run.
router:
  enabled: false
  # mode: router_default      # rules, and the router over them; or router_first, router_only
  # prompt: router.md
  # review_every_n: 5         # every fifth iteration one turn is the reviewer's
  # allowlist: [supervisor.md, main.md, reviewer.md]
  # applies_to: first         # asked before the first turn of an iteration; or all

# The state of the loop, for other tools to read; older runs are resumed from it.
# state_file: sync/state.json

# Synchronisation with a shared repository, before and after each turn.
# git: {enabled: true, branch: main}
`;

const FILES: Readonly<Record<string, string>> = {
  [CONFIG_FILE]: CONFIG,
  'prompts/supervisor.md': `You supervise this project. Look at what has been done, decide what to do next, and write it into
input.md: one task, with what shows that it is done.
`,
  'prompts/main.md': `Read input.md and do what it says. Run the tests, commit your work, and say in one paragraph what you did.
`,
  'prompts/reviewer.md': `Review what was done since the last review. Write what you found, and where, into docs/findings.md.
`,
};
