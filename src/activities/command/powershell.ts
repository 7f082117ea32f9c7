import path from 'node:path';
import type { Result } from '../../plan/model/diagnostic.js';
import type { Json } from '../../plan/model/values.js';
import { isProgram } from '../../host/program-file.js';
import { defined } from '../../basics/defined.js';

/** A PowerShell step. */
export interface PowershellCommand {
  /** One line that ends in `.ps1` is a file, counted from the step's cwd; anything else is the text itself. */
  script: string;
  /**
   * A list is taken as on PowerShell's own command line: `-Name` names a parameter, all else is a value.
   * In a map every value is one, even where it starts with a dash: `true` and `false` set a switch, null leaves it out.
   */
  args: readonly string[] | Readonly<Record<string, Json>>;
  stdin?: string;
}

/** The process that runs a PowerShell step. */
export interface PowershellInvocation {
  /** Absolute. */
  file: string;
  args: readonly string[];
  stdin?: string;
  /** What is added to the step's environment; nothing that it sets itself. */
  env: Readonly<Record<string, string>>;
}

/** Why a PowerShell step cannot be started. */
export interface PowershellFailure {
  reason: 'spawn_failed';
  message: string;
  hint: string;
}

/**
 * Turns a PowerShell step into a process.
 *
 * The process exits with what the script's `exit` says; else, after an error that ends a statement, with 1 and the
 * error on stderr; else with the code of the last native command; else with 0.
 *
 * Script and arguments go by `-Command`, as single-quoted literals, in which nothing is special but the quote. The
 * other ways lose something: `-File` exits 0 when the last native command failed, and knows neither lists nor (in
 * Windows PowerShell) `-Switch:$false`; `-EncodedCommand` makes Windows PowerShell write its errors as XML; a script
 * on stdin is read line by line like typed input, goes on after errors, and leaves no stdin for the step.
 *
 * @param env the step's whole environment: its PATH is where PowerShell is looked for.
 */
export function powershellInvocation(
  action: PowershellCommand,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Result<PowershellInvocation, PowershellFailure> {
  const file = findPowershell(env, platform);
  if (file === undefined) return notFound(platform);
  const words = argumentWords(action.args);
  if (!words.ok) return words;
  const windows = platform === 'win32' || /\.exe$/i.test(file);
  const args = [
    '-NoLogo',
    '-NoProfile',
    '-NonInteractive',
    ...(windows ? ['-ExecutionPolicy', 'Bypass'] : []),
    '-Command',
    commandText(action, words.value, platform),
  ];
  const stdin = defined({ stdin: action.stdin });
  return { ok: true, value: { file, args, ...stdin, env: quietEnv(env) } };
}

/** Whether a step's `script` is a file's name, and not text. */
export function isScriptFile(script: string): boolean {
  return /^[^\r\n]+\.ps1$/i.test(script);
}

function findPowershell(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  const windows = platform === 'win32';
  const paths = windows ? path.win32 : path.posix;
  const pathName = windows ? Object.keys(env).findLast((name) => name.toUpperCase() === 'PATH') : 'PATH';
  // Relative folders are left out: whose folder they count from is not for a lookup of PowerShell to say.
  const folders = (env[pathName ?? 'PATH'] ?? '').split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
  for (const name of programNames(windows)) {
    for (const folder of folders) {
      const file = paths.join(folder, name);
      if (isProgram(file)) return file;
    }
  }
  return undefined;
}

/** PowerShell 7 first, wherever it stands on the PATH: the older one is there on every Windows. */
function programNames(windows: boolean): readonly string[] {
  return windows ? ['pwsh.exe', 'powershell.exe'] : ['pwsh', 'powershell.exe', 'powershell'];
}

function notFound(platform: NodeJS.Platform): { ok: false; error: PowershellFailure } {
  const names = programNames(platform === 'win32').join(', ');
  return {
    ok: false,
    error: {
      reason: 'spawn_failed',
      message: `PowerShell was not found: none of ${names} is on the step's PATH`,
      hint: 'Install PowerShell (https://aka.ms/powershell) where the worker runs, or put its folder on the PATH of the step',
    },
  };
}

/** The arguments as words of PowerShell source. */
function argumentWords(args: PowershellCommand['args']): Result<readonly string[], PowershellFailure> {
  if (isList(args)) return { ok: true, value: args.map((arg) => listWord(arg)) };
  const words: string[] = [];
  for (const [key, value] of Object.entries(args)) {
    const name = key.replace(/^-/, '');
    if (!PARAMETER_NAME.test(name)) return badName(key);
    if (value === null) continue;
    // `-Switch:$true` is what `-Switch` means, and sets a parameter of type bool as well.
    words.push(typeof value === 'boolean' ? `-${name}:$${value}` : `-${name} ${literal(value)}`);
  }
  return { ok: true, value: words };
}

/** What stands unquoted in the command's text, so nothing else may get through. */
const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function isList(args: PowershellCommand['args']): args is readonly string[] {
  return Array.isArray(args);
}

function listWord(arg: string): string {
  const [, name = '', value] = /^-([^:]*)(?::(.*))?$/s.exec(arg) ?? [];
  if (!PARAMETER_NAME.test(name)) return quote(arg);
  if (value === undefined || value === '') return `-${name}`;
  return `-${name}:${/^\$(?:true|false|null)$/i.test(value) ? value : quote(value)}`;
}

function literal(value: Json): string {
  if (value === null) return '$null';
  if (typeof value === 'boolean') return `$${value}`;
  if (Array.isArray(value))
    return `@(${value.map((item) => (isNested(item) ? quote(text(item)) : literal(item))).join(',')})`;
  return quote(text(value));
}

function isNested(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}

/** PowerShell converts text to whatever type a parameter has; an object has no literal that is data only. */
function text(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A single-quoted literal. PowerShell takes typographic quotes for quotes too, hence they are doubled as well. */
function quote(value: string): string {
  return `'${value.replaceAll(/['\u2018\u2019\u201A\u201B]/g, '$&$&')}'`;
}

function badName(key: string): { ok: false; error: PowershellFailure } {
  return {
    ok: false,
    error: {
      reason: 'spawn_failed',
      message: `args: ${JSON.stringify(key)} is not a PowerShell parameter name`,
      hint: 'Names are letters, digits and _, with or without a leading dash: "-TargetBranch" or "TargetBranch"',
    },
  };
}

/**
 * The command's text.
 *
 * The script runs inside `try`, so that also an error that ends only its statement (an unknown command, a failed
 * conversion) ends the script: with plain PowerShell it would go on, and a step would succeed that did nothing.
 * `Out-Default` writes out what formatting still holds back before `exit` would drop it.
 */
function commandText(action: PowershellCommand, words: readonly string[], platform: NodeJS.Platform): string {
  const script = isScriptFile(action.script)
    ? quote(scriptPath(action.script, platform))
    : `([scriptblock]::Create(${quote(action.script)}))`;
  const call = ['&', script, ...words].join(' ');
  // Without stdin no pipeline: an empty one would keep a script's `process` block from running at all.
  const piped = action.stdin === undefined ? call : `$input | ${call}`;
  return [
    `try { ${piped} | Out-Default }`,
    "catch { [Console]::Error.WriteLine($_.Exception.GetType().Name + ': ' + $_ + [Environment]::NewLine + $_.InvocationInfo.PositionMessage); exit 1 }",
    'exit [int]$global:LASTEXITCODE',
  ].join('\n');
}

/** A bare name would be looked up on the PATH, not in the folder. */
function scriptPath(script: string, platform: NodeJS.Platform): string {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  return paths.isAbsolute(script) || /^\.{1,2}[\\/]/.test(script) ? script : `./${script}`;
}

/** No calls home, and no notice of a new version among a step's output. */
function quietEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const quiet = { POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off' };
  return Object.fromEntries(Object.entries(quiet).filter(([name]) => env[name] === undefined));
}
