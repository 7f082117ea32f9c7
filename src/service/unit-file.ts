import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, stateDir, type Env } from '../records/paths.js';

/** What starts the embedded service when the machine does. */
export interface UnitFile {
  path: string;
  text: string;
  /** Makes the system take it up. */
  enable: readonly string[][];
  /** Makes the system forget it. */
  disable: readonly string[][];
  /** What only the user can decide, where anything is left. */
  hint?: string;
}

/** What a unit is made of. */
export interface UnitOptions {
  env: Env;
  /** Command line of orch, each word for itself. */
  command: readonly string[];
  platform?: NodeJS.Platform;
  /** Of the user, for launchd. */
  uid?: number;
}

/** What `orch up --install` writes for this system; undefined where none is known. */
export function unitFile(options: UnitOptions): UnitFile | undefined {
  const { platform = process.platform } = options;
  if (platform === 'linux') return systemdUnit(options);
  return platform === 'darwin' ? launchdUnit(options) : undefined;
}

function systemdUnit({ env, command }: UnitOptions): UnitFile {
  const name = `${unitName(env)}.service`;
  const config = env['XDG_CONFIG_HOME'] || join(homeOf(env), '.config');
  const call = (verb: string): string => [...command, verb].map(systemdWord).join(' ');
  const lines = [
    '[Unit]',
    'Description=orch: its Temporal server, and the worker that runs plans',
    'After=network.target',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...Object.entries(lastingVariables(env)).map(([key, value]) => `Environment=${systemdWord(`${key}=${value}`)}`),
    `ExecStart=${call('up')}`,
    `ExecStop=${call('down')}`,
    '# Steps outlive the service; they are found again when it is there again.',
    'KillMode=process',
    'Restart=on-failure',
    'RestartSec=30',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ];
  return {
    path: join(config, 'systemd', 'user', name),
    text: lines.join('\n'),
    enable: [systemctl('daemon-reload'), systemctl('enable', name)],
    disable: [systemctl('disable', name), systemctl('daemon-reload')],
    hint: 'units of a user start when that user logs in; `loginctl enable-linger` has them start with the machine',
  };
}

function systemctl(...args: string[]): string[] {
  return ['systemctl', '--user', ...args];
}

function launchdUnit({ env, command, uid = process.getuid?.() ?? 0 }: UnitOptions): UnitFile {
  const label = `local.${unitName(env)}`;
  const path = join(homeOf(env), 'Library', 'LaunchAgents', `${label}.plist`);
  const variables = Object.entries(lastingVariables(env)).map(
    ([key, value]) => `    <key>${xmlText(key)}</key>\n    ${string(value)}`,
  );
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    '<dict>',
    '  <key>Label</key>',
    `  ${string(label)}`,
    '  <key>ProgramArguments</key>',
    '  <array>',
    ...[...command, 'up'].map((word) => `    ${string(word)}`),
    '  </array>',
    '  <key>EnvironmentVariables</key>',
    '  <dict>',
    ...variables,
    '  </dict>',
    '  <key>RunAtLoad</key>',
    '  <true/>',
    '  <!-- Steps outlive the service; they are found again when it is there again. -->',
    '  <key>AbandonProcessGroup</key>',
    '  <true/>',
    '  <key>KeepAlive</key>',
    '  <dict>',
    '    <key>SuccessfulExit</key>',
    '    <false/>',
    '  </dict>',
    '</dict>',
    '</plist>',
    '',
  ];
  return {
    path,
    text: lines.join('\n'),
    enable: [['launchctl', 'bootstrap', `gui/${uid}`, path]],
    disable: [['launchctl', 'bootout', `gui/${uid}/${label}`]],
  };
}

/** One for each state folder: several services may be on one machine. */
function unitName(env: Env): string {
  const state = stateDir(env);
  const usual = stateDir({ ...env, ORCH_STATE_DIR: undefined });
  return state === usual ? 'orch' : `orch-${createHash('sha256').update(state).digest('hex').slice(0, 8)}`;
}

/** Steps see PATH; the rest says where things are, which may have been told by the caller's environment only. */
function lastingVariables(env: Env): Record<string, string> {
  const known = {
    PATH: env['PATH'],
    ORCH_STATE_DIR: stateDir(env),
    ORCH_CACHE_DIR: cacheDir(env),
    ORCH_TEMPORAL_CLI: env['ORCH_TEMPORAL_CLI'],
    ORCH_KEEP: env['ORCH_KEEP'],
  };
  return Object.fromEntries(Object.entries(known).flatMap(([key, value]) => (value ? [[key, value]] : [])));
}

function homeOf(env: Env): string {
  return env['HOME'] || homedir();
}

/** As systemd reads a word: quoted, with its own signs doubled. */
function systemdWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return /^[\w./:=@%$+,-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function string(text: string): string {
  return `<string>${xmlText(text)}</string>`;
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
