/** A variable of the environment that orch reads. */
interface Variable {
  name: string;
  /** What it sets, in Markdown. */
  meaning: string;
}

/** Variables of one topic. */
export interface VariableGroup {
  topic: string;
  variables: readonly Variable[];
}

/**
 * Every variable that a user may set for orch itself: the command, the embedded service and its worker. What orch passes
 * to steps is in the README. test/docs/cli-reference.test.ts holds it to what the source reads.
 */
export const ENVIRONMENT: readonly VariableGroup[] = [
  {
    topic: 'Folders and files',
    variables: [
      variable('ORCH_STATE_DIR', 'state folder (default: `$XDG_STATE_HOME/orch`, else `~/.local/state/orch`)'),
      variable('ORCH_CACHE_DIR', 'cache folder (default: `$XDG_CACHE_HOME/orch`, else `~/.cache/orch`)'),
      variable(
        'ORCH_CONFIG',
        'your own configuration (default: `$XDG_CONFIG_HOME/orch/config.yaml`, else `~/.config/orch/config.yaml`); empty: none',
      ),
      variable('XDG_STATE_HOME', 'see `ORCH_STATE_DIR`; must be absolute'),
      variable('XDG_CACHE_HOME', 'see `ORCH_CACHE_DIR`; must be absolute'),
      variable('XDG_CONFIG_HOME', 'see `ORCH_CONFIG`; also where `orch up --install` puts the systemd unit'),
      variable('HOME', 'your home folder, where the defaults above are'),
    ],
  },
  {
    topic: 'The embedded service',
    variables: [
      variable('ORCH_TEMPORAL_CLI', "path of Temporal's `temporal` program; no other is tried"),
      variable(
        'ORCH_KEEP',
        'how long records of runs that succeeded or were canceled are kept: `7d`, `forever` (default: `30d`); read when the worker starts',
      ),
      variable(
        'ORCH_SHORT_STEPS',
        '`0`: in runs that are started each step has an activity of its own, however short it is',
      ),
      variable('ORCH_WATCHER', '`off`: nothing restarts the server or the worker if they die'),
      variable('ORCH_DEBUG', '`1`: stacks of errors; set when a worker starts, also stacks of workflow code'),
      variable('PATH', 'where `temporal` and `go` are looked for'),
    ],
  },
  {
    topic: 'Your own Temporal service',
    variables: [
      variable('TEMPORAL_ADDRESS', 'host and port of the service; with it nothing is embedded'),
      variable('TEMPORAL_NAMESPACE', 'namespace (default: `default`)'),
      variable('TEMPORAL_API_KEY', 'API key'),
      variable('TEMPORAL_TLS', '`true`: TLS; further settings are in `TEMPORAL_TLS_CLIENT_CERT_PATH` and its like'),
      variable('TEMPORAL_PROFILE', "profile of Temporal's configuration file"),
      variable('TEMPORAL_CONFIG_FILE', 'that file, where it is not in its usual location'),
      variable('ORCH_WEB_UI', 'address of the Temporal Web UI, for links to runs'),
    ],
  },
  {
    topic: 'Terminal and CI',
    variables: [
      variable('NO_COLOR', 'set: no colors'),
      variable('TERM', '`dumb`: no colors, and nothing is redrawn'),
      variable(
        'FORCE_HYPERLINK',
        '`1`: run ids, and steps whose logs are on this machine, are links; `0`: they are not, whatever the terminal says of itself',
      ),
      variable('TMUX', 'set: no links'),
      variable('STY', 'the same, for screen'),
      variable('CI', 'set: no colors, nothing is redrawn, and where there is no terminal `--logs` is the default'),
      variable('GITHUB_ACTIONS', '`true`: problems and failed steps become annotations'),
      variable('GITHUB_STEP_SUMMARY', 'file that gets the summary of a run as a table'),
      variable('ORCH_UI_ORIGIN', 'address of the page of `orch ui`: for its `--origin`, and for links to it'),
      variable('ORCH_UI_PROXY_SECRET', '`--proxy-secret-file` of `orch ui`: the secret itself'),
      variable('BROWSER', 'program that `orch ui` and `orch open` call'),
      variable('DISPLAY', 'on Linux, set: a browser can be opened by `xdg-open`'),
      variable('WAYLAND_DISPLAY', 'the same'),
    ],
  },
  {
    topic: 'HTTP steps',
    variables: [variable('NODE_USE_ENV_PROXY', '`1`, in the worker: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count')],
  },
  {
    topic: 'Execution manifests',
    variables: [
      variable('ORC_REVIEW_ENGINE', '`--review-engine`'),
      variable('ORC_MAX_FIX_ROUNDS', '`--max-fix-rounds`'),
      variable('ORC_PUSH_GUARD_BYPASS', 'set, and not `0`: `--no-push-guard`'),
      variable('CLAVAIN_DISPATCH_SH', '`--dispatch`'),
    ],
  },
  {
    topic: 'Pipelines',
    variables: [
      variable('ORCH_EXECUTION_MODE', '`--execution-mode`'),
      variable('CODEX_ORCHESTRATOR_EXECUTION_MODE', 'the same'),
      variable('ORCH_TASK_ID', '`--task`'),
      variable('CODEX_ORCHESTRATOR_TASK_ID', 'the same'),
      variable('MCP_RUNNER_TASK_ID', 'the same'),
      variable('CODEX_ORCHESTRATOR_PACKAGE_ROOT', 'package whose built-in pipelines a file may call'),
    ],
  },
];

function variable(name: string, meaning: string): Variable {
  return { name, meaning };
}
