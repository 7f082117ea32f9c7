/** Where the work of a stage is done: by tools on this machine, or in a cloud that its command calls. */
export type ExecutionMode = 'mcp' | 'cloud';

/** Who said which mode it is, the strongest first. */
export type ModeSource = 'flag' | 'env' | 'stage' | 'file' | 'default';

/** Variables of whoever starts a run that say the mode, the strongest first. */
export const MODE_VARIABLES = ['ORCH_EXECUTION_MODE', 'CODEX_ORCHESTRATOR_EXECUTION_MODE'] as const;

/** What is told of a value that means nothing. */
export const MODE_HINT = 'write mcp or cloud; true, yes and 1 mean cloud, false, no and 0 mean mcp';

/** Everything that may say the mode of a stage, as it was written. */
export interface ModeQuestion {
  /** `--cloud`, `--execution-mode`. */
  flags?: { cloud?: boolean; executionMode?: string };
  env?: Readonly<Record<string, string | undefined>>;
  stage?: {
    plan?: { requiresCloud?: boolean | null | undefined; executionMode?: WrittenMode } | null | undefined;
    executionMode?: WrittenMode;
    mode?: WrittenMode;
  };
  file?: { executionMode?: WrittenMode };
}

/** A mode as a file has it, which may say it in several ways or not at all. */
type WrittenMode = string | boolean | null | undefined;

const MODES: Readonly<Record<string, ExecutionMode>> = {
  mcp: 'mcp',
  false: 'mcp',
  no: 'mcp',
  '0': 'mcp',
  cloud: 'cloud',
  true: 'cloud',
  yes: 'cloud',
  '1': 'cloud',
};

/** Whether a text says a mode, or nothing at all. */
export function isMode(text: string): boolean {
  return text.trim() === '' || parseMode(text) !== undefined;
}

/**
 * The one place that decides on a mode: flag, then environment, then stage, then file, then `mcp`. Where one of them
 * has several ways to say it, a boolean goes before a text: `--cloud` before `--execution-mode`, and in a stage
 * `plan.requiresCloud`, `plan.executionMode`, `executionMode`, `mode`. What is empty says nothing, and so does a text
 * that means nothing: who takes it from outside refuses it first (see {@link isMode}).
 */
export function resolveExecutionMode({ flags = {}, env = {}, stage = {}, file = {} }: ModeQuestion): {
  mode: ExecutionMode;
  source: ModeSource;
} {
  const said: [ModeSource, readonly unknown[]][] = [
    ['flag', [flags.cloud, flags.executionMode]],
    ['env', MODE_VARIABLES.map((name) => env[name])],
    ['stage', [stage.plan?.requiresCloud, stage.plan?.executionMode, stage.executionMode, stage.mode]],
    ['file', [file.executionMode]],
  ];
  for (const [source, values] of said) {
    for (const value of values) {
      const mode = parseMode(value);
      if (mode !== undefined) return { mode, source };
    }
  }
  return { mode: 'mcp', source: 'default' };
}

/** The mode as commands hear of it. */
export function modeVariables(mode: ExecutionMode): Record<string, string> {
  return Object.fromEntries(MODE_VARIABLES.map((name) => [name, mode]));
}

function parseMode(value: unknown): ExecutionMode | undefined {
  if (typeof value === 'boolean') return value ? 'cloud' : 'mcp';
  if (typeof value !== 'string') return undefined;
  const word = value.trim().toLowerCase();
  return Object.hasOwn(MODES, word) ? MODES[word] : undefined;
}
