import { z } from 'zod';
import { agents, budget } from '../plan/schema/agent.js';
import { VERDICTS, WORKFLOWS } from './workflow-names.js';
import { optional, text, texts, timeout } from '../plan/schema/parts.js';

const count = z.int().min(0).max(1_000_000);
const bytes = z
  .int()
  .min(0)
  .max(1024 * 1024 * 1024);
const byName = z.record(z.string(), text);

const router = z.strictObject({
  enabled: optional(z.boolean(), 'Whether prompts are chosen by rules and a router (default false: a plain sequence)'),
  mode: optional(text, 'router_default (rules, then the router over them), router_first or router_only'),
  prompt: optional(text, 'Prompt whose answer names the prompt to run; without it only rules choose'),
  review_every_n: optional(count, 'Every n iterations, one turn is the reviewer’s; 0 means never'),
  allowlist: optional(texts, 'Prompts that the router may choose (default: supervisor, main, reviewer)'),
  applies_to: optional(
    z.enum(['first', 'all']),
    'Turns for which the router is asked: the first of each iteration, or all',
  ),
});

const git = z.strictObject({
  enabled: optional(z.boolean(), 'Whether turns are synchronized with a shared repository (default false)'),
  remote: optional(text, 'Name of the remote (default origin)'),
  branch: optional(text, 'The only branch the loop works on (default: the one that is checked out)'),
  dirty: optional(
    z.enum(['refuse', 'warn']),
    'What happens where files are dirty that no rule covers (default refuse)',
  ),
  force_add_reports: optional(z.boolean(), 'Commit reports that .gitignore names, too (default false)'),
  dry_run: optional(z.boolean(), 'Say what a commit would hold; commit and push nothing (default false)'),
});

/** Keys of `orchestration.yaml`. The flat forms of `router` and `workflow` are those of older files. */
export const configSchema = z.strictObject({
  prompts_dir: optional(text, 'Folder of the prompts (default prompts)'),
  supervisor_prompt: optional(text, 'Prompt of the supervisor (default supervisor.md)'),
  main_prompt: optional(text, 'Prompt of main (default main.md)'),
  reviewer_prompt: optional(text, 'Prompt of reviews (default reviewer.md)'),
  mode: optional(z.enum(['combined', 'role']), 'combined: one machine (default); role: a worker for each role'),
  max_iterations: optional(z.int().min(1).max(1_000_000), 'Iterations that one start makes (default 20)'),
  pause_between_turns: optional(z.boolean(), 'Wait for a person after each turn (default false)'),
  timeout_sec: optional(timeout, 'Limit of one turn in seconds, or none (default none)'),
  stall_timeout_sec: optional(timeout, 'Maximum seconds without any output, or none (default none)'),
  budget: optional(budget, 'What all agents of the loop may cost'),
  state_file: optional(
    text,
    'Where the state is written down for others; older runs are taken over from it (default sync/state.json), or none',
  ),
  start_prompt: optional(text, 'Prompt that a loop begins with: the one of the supervisor, or of main'),
  completion_marker: optional(text, 'File by whose change an agent says that its turn is over, or none (default none)'),
  verdicts: optional(
    z.enum(VERDICTS),
    'Whose verdict of failure ends the loop: work, not of reviews, which speak of the work (default); all; none',
  ),
  workflow: optional(
    z.strictObject({
      name: optional(
        z.enum(WORKFLOWS),
        'Sequence of the turns (default standard); standard2 and review_cadence2 run supervisor2.md and main2.md',
      ),
      review_every_n: optional(count, 'Every so many iterations one turn is the reviewer’s'),
    }),
    'Sequence of the turns',
  ),
  router: optional(router, 'Who chooses prompts'),
  agent: optional(
    z.strictObject({
      default: optional(text, 'Agent where none is specified: auto (default), or a name'),
      roles: optional(byName, 'Agents by role'),
      prompts: optional(byName, 'Agents by prompt; overrides roles'),
    }),
    'Which agent runs what',
  ),
  agents: optional(agents, 'How agents are called, as in plans'),
  git: optional(git, 'Synchronization with a shared repository'),
  doc_whitelist: optional(texts, 'Globs of documents that are committed after a turn'),
  tracked_output_globs: optional(texts, 'Globs of tracked files that are committed after a turn'),
  tracked_output_extensions: optional(texts, 'Their extensions'),
  report_globs: optional(texts, 'Globs of reports that are committed after a turn'),
  report_extensions: optional(texts, 'Their extensions'),
  max_doc_bytes: optional(bytes, 'Maximum bytes of a document (default 1 MiB)'),
  max_report_file_bytes: optional(bytes, 'Maximum bytes of a report (default 5 MiB)'),
  max_report_total_bytes: optional(bytes, 'Maximum bytes of the reports of one turn (default 20 MiB)'),
  max_tracked_output_file_bytes: optional(bytes, 'Maximum bytes of a tracked output (default 32 MiB)'),
  max_tracked_output_total_bytes: optional(bytes, 'Maximum bytes of the tracked outputs of one turn (default 100 MiB)'),
  findings_file: optional(text, 'A document that is committed after a turn'),
  input_file: optional(text, 'A document that is committed after a turn'),
  logs_dir: optional(text, 'No reports are taken from it'),
  tmp_dir: optional(text, 'No reports are taken from it'),
  spec_bootstrap: optional(z.record(z.string(), z.unknown()), 'Belongs to another tool; ignored'),
  router_enabled: optional(z.boolean(), 'The same as router.enabled'),
  router_mode: optional(text, 'The same as router.mode'),
  router_prompt: optional(z.string(), 'The same as router.prompt'),
  router_review_every_n: optional(count, 'The same as router.review_every_n'),
  router_allowlist: optional(texts, 'The same as router.allowlist'),
  workflow_name: optional(z.enum(WORKFLOWS), 'The same as workflow.name'),
  workflow_review_every_n: optional(count, 'The same as workflow.review_every_n'),
});

/** The JSON Schema of `orchestration.yaml`, for editors. */
export function loopJsonSchema(): Record<string, unknown> {
  return { title: 'The configuration of a loop, orchestration.yaml', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}

/** A configuration as written. */
export type SourceConfig = z.infer<typeof configSchema>;
