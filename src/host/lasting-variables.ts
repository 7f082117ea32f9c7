type Env = Readonly<Record<string, string | undefined>>;

/** What a coding agent sets for the commands that it runs: its own CLI, started with them, takes itself for nested. */
const OF_AN_AGENT =
  /^(CLAUDECODE|CLAUDE_CODE_\w*|CLAUDE_AGENT_SDK_\w*|CODEX_SANDBOX\w*|CODEX_(THREAD_ID|CI|INTERNAL_\w*)|GEMINI_CLI|OPENCODE|OPENCODE_(PID|CALLER)|CURSOR_AGENT|AI_AGENT)$/;

/** Of these, how a person has told Claude Code to log in: no session sets them by itself. */
const LOGIN =
  /^CLAUDE_CODE_(OAUTH_TOKEN|USE_(BEDROCK|VERTEX|FOUNDRY)|SKIP_(BEDROCK|VERTEX|FOUNDRY)_AUTH|CLIENT_(CERT|KEY|KEY_PASSPHRASE)|API_KEY_HELPER_TTL_MS)$/;

/** What git sets for its hooks, or somebody for one call: the repository, the index, the date of one commit. */
const OF_A_GIT_CALL =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|NAMESPACE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|IMPLICIT_WORK_TREE|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE|NO_REPLACE_OBJECTS|INTERNAL_\w+|CONFIG|CONFIG_PARAMETERS|EXEC_PATH|EDITOR|SEQUENCE_EDITOR|REFLOG_ACTION|PUSH_OPTION_\w+|LITERAL_PATHSPECS|MERGE_AUTOEDIT|AUTHOR_DATE|COMMITTER_DATE)$/;

/** A hook also has the author of the commit that is made, who need not be the one of the next. */
const OF_A_HOOK = ['GIT_DIR', 'GIT_INDEX_FILE', 'GIT_AUTHOR_DATE'];
const AUTHOR = /^GIT_AUTHOR_(NAME|EMAIL)$/;

/**
 * An environment without the variables of the agent's session, the hook or the git call that it was taken from. With them an
 * agent would refuse to start, and a commit would land in another repository.
 */
export function withoutCallVariables<T extends Env>(env: T): T {
  const inHook = OF_A_HOOK.some((name) => env[name] !== undefined);
  const kept = Object.entries(env).filter(([name]) => {
    if (OF_A_GIT_CALL.test(name) || (inHook && AUTHOR.test(name))) return false;
    return !OF_AN_AGENT.test(name) || LOGIN.test(name);
  });
  return Object.fromEntries(kept) as T;
}
