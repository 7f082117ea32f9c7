/** Flags of the older runners (supervisor, loop, orchestrator), and what does it now. docs/loop.md has the same table. */
export const OLD_FLAGS: Readonly<Record<string, string>> = {
  '--sync-loops': '--max-iterations',
  '--poll-interval': 'nothing: nobody polls, each role waits for its turn',
  '--max-wait-sec': 'nothing: a turn that waits says for what; `orch loop stop` ends the loop',
  '--heartbeat-secs': 'nothing: `orch loop watch` shows what the agent does',
  '--verbose': 'nothing: `orch loop watch` shows each turn',
  '--role': '--mode role, and `orch loop worker --role ROLE` on each machine',
  '--claude-cmd': '--set claude_cmd=…, or the variable CLAUDE_CMD',
  '--codex-cmd': '--set codex_cmd=…, or the variable CODEX_CMD',
  '--prompt': '--prompt-supervisor or --prompt-main',
  '--router-prompt-supervisor': '--prompt-supervisor',
  '--router-prompt-main': '--prompt-main',
  '--router-prompt-reviewer': '--prompt-reviewer',
  '--router-review-every-n': '--review-every-n',
  '--workflow-review-every-n': '--review-every-n',
  '--logdir': 'nothing: logs are in the state folder of orch (ORCH_STATE_DIR)',
  '--allow-dirty': '--tolerate-dirty',
  '--tolerate-doc-dirty': '--tolerate-dirty',
  '--auto-commit-docs': 'nothing: it is so; `--set doc_whitelist=` turns it off',
  '--no-auto-commit-docs': '--set doc_whitelist=',
  '--prepull-auto-commit-docs': 'nothing: it is so',
  '--no-prepull-auto-commit-docs': '--set doc_whitelist=',
  '--autocommit-whitelist': '--set doc_whitelist=…',
  '--max-autocommit-bytes': '--set max_doc_bytes=…',
  '--auto-commit-reports': 'nothing: it is so',
  '--no-auto-commit-reports': '--set report_globs=',
  '--report-extensions': '--set report_extensions=…',
  '--report-path-globs': '--set report_globs=…',
  '--max-report-file-bytes': '--set max_report_file_bytes=…',
  '--max-report-total-bytes': '--set max_report_total_bytes=…',
  '--force-add-reports': '--set force_add_reports=true',
  '--no-force-add-reports': 'nothing: it is so',
  '--auto-commit-tracked-outputs': 'nothing: it is so',
  '--no-auto-commit-tracked-outputs': '--set tracked_output_globs=',
  '--tracked-output-globs': '--set tracked_output_globs=…',
  '--tracked-output-extensions': '--set tracked_output_extensions=…',
  '--max-tracked-output-file-bytes': '--set max_tracked_output_file_bytes=…',
  '--max-tracked-output-total-bytes': '--set max_tracked_output_total_bytes=…',
};

/** What to write instead of a flag that older loops had; empty for every other message. */
export function hintOfOldFlag(message: string): string {
  const flag = /unknown option '(--[a-z-]+)/.exec(message)?.[1];
  const now = flag === undefined || !Object.hasOwn(OLD_FLAGS, flag) ? undefined : OLD_FLAGS[flag];
  if (now === undefined) return '';
  const nothing = 'nothing: ';
  return now.startsWith(nothing)
    ? `  hint: leave it out: ${now.slice(nothing.length)}\n`
    : `  hint: it is ${now} now\n`;
}
