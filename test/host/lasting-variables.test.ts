import { describe, expect, test } from 'vitest';
import { withoutCallVariables } from '../../src/host/lasting-variables.js';
import { lastingEnv } from '../../src/service/environment.js';

const kept = (...names: string[]): string[] =>
  Object.keys(withoutCallVariables(Object.fromEntries(names.map((name) => [name, 'x']))));

describe('what belongs to one call is not handed on', () => {
  test('the session of a coding agent', () => {
    const own = ['CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'CLAUDE_CODE_SSE_PORT', 'CLAUDE_CODE_ANYTHING'];
    const others = ['CODEX_SANDBOX', 'CODEX_SANDBOX_NETWORK_DISABLED', 'CODEX_THREAD_ID', 'GEMINI_CLI', 'OPENCODE'];
    expect(kept(...own, ...others, 'CURSOR_AGENT')).toEqual([]);
  });

  test('but how a person has it log in, and where its settings are', () => {
    const names = ['CLAUDE_CODE_OAUTH_TOKEN', 'CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CONFIG_DIR', 'ANTHROPIC_API_KEY'];
    const others = ['CODEX_HOME', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'OPENCODE_CONFIG', 'GEMINI_CLI_TRUST_WORKSPACE'];
    expect(kept(...names, ...others)).toEqual([...names, ...others]);
  });

  test("git's own, of a hook or a call, and the author of the commit that a hook belongs to", () => {
    const names = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX', 'GIT_OBJECT_DIRECTORY', 'GIT_EXEC_PATH'];
    const more = ['GIT_AUTHOR_DATE', 'GIT_COMMITTER_DATE', 'GIT_CONFIG_PARAMETERS', 'GIT_EDITOR', 'GIT_AUTHOR_NAME'];
    expect(kept(...names, ...more)).toEqual([]);
    const lasting = ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_SSH_COMMAND', 'GIT_CONFIG_GLOBAL', 'GIT_ASKPASS'];
    expect(kept(...lasting)).toEqual(lasting);
  });

  test("by the service neither, nor orch's own and those of the shell", () => {
    const env = {
      PATH: '/bin',
      ORCH_RUN_ID: 'r',
      PWD: '/x',
      npm_config_x: 'y',
      CLAUDECODE: '1',
      GIT_DIR: '/y',
      A: 'b',
    };
    expect(lastingEnv(env)).toEqual({ PATH: '/bin', A: 'b' });
  });
});
