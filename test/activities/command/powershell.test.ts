import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  isScriptFile,
  powershellInvocation,
  type PowershellCommand,
} from '../../../src/activities/command/powershell.js';
import type { Json } from '../../../src/plan/model/values.js';
import { runProcess } from '../../../src/process/index.js';
import { fakePwsh } from '../../support/fake-pwsh.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'orch-powershell-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** The invocation of a step that must be startable. */
function invoke(action: Partial<PowershellCommand>, env: Record<string, string> = { PATH: dir }) {
  const result = powershellInvocation({ script: './run.ps1', args: [], ...action }, env, 'linux');
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** The line of the command that calls the script. */
function callLine(action: Partial<PowershellCommand>): string | undefined {
  fakePwsh(dir);
  return invoke(action)
    .args.at(-1)
    ?.split(' | Out-Default }\n')[0]
    ?.replace(/^try \{ /, '');
}

describe('finding PowerShell', () => {
  test('pwsh goes before powershell, wherever it stands on the PATH', () => {
    const [first, second] = ['first', 'second'].map((name) => path.join(dir, name)) as [string, string];
    for (const folder of [first, second]) mkdirSync(folder);
    fakePwsh(first, { name: 'powershell' });
    const pwsh = fakePwsh(second);
    expect(invoke({}, { PATH: `${first}:${second}` }).file).toBe(pwsh.file);
    expect(invoke({}, { PATH: first }).file).toBe(path.join(first, 'powershell'));
  });

  test('where there is none, the failure says where it was looked for and what to do', () => {
    writeFileSync(path.join(dir, 'pwsh'), 'not executable');
    expect(powershellInvocation({ script: './run.ps1', args: [] }, { PATH: dir }, 'linux')).toEqual({
      ok: false,
      error: {
        reason: 'spawn_failed',
        message: "PowerShell was not found: none of pwsh, powershell.exe, powershell is on the step's PATH",
        hint: 'Install PowerShell (https://aka.ms/powershell) where the worker runs, or put its folder on the PATH of the step',
      },
    });
    expect(powershellInvocation({ script: './run.ps1', args: [] }, {}, 'win32')).toMatchObject({
      error: { message: "PowerShell was not found: none of pwsh.exe, powershell.exe is on the step's PATH" },
    });
  });

  test('the execution policy is set for Windows only', () => {
    fakePwsh(dir);
    expect(invoke({}).args.slice(0, -1)).toEqual(['-NoLogo', '-NoProfile', '-NonInteractive', '-Command']);
    rmSync(path.join(dir, 'pwsh'));
    fakePwsh(dir, { name: 'powershell.exe' });
    const bypass = ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command'];
    expect(invoke({}).args.slice(0, -1)).toEqual(bypass);
  });
});

describe('the script', () => {
  test.each([
    ['./merge.ps1', true],
    ['C:\\my scripts\\Merge.PS1', true],
    ['Get-Date', false],
    ['Get-Date\n./merge.ps1', false],
    ['./merge.ps1\n', false],
  ])('%j is a file: %s', (script, expected) => {
    expect(isScriptFile(script)).toBe(expected);
  });

  test('a file counts from the folder of the step, also where only its name is given', () => {
    expect(callLine({ script: 'run.ps1' })).toBe("& './run.ps1'");
    expect(callLine({ script: '../run.ps1' })).toBe("& '../run.ps1'");
    expect(callLine({ script: "/opt/it's here/run.ps1" })).toBe("& '/opt/it''s here/run.ps1'");
  });

  test('text goes as one literal, whatever is in it', () => {
    const script = 'param($Name)\nWrite-Output "$Name ${BRANCH} it\'s"';
    expect(callLine({ script, args: { Name: 'x' } })).toBe(
      "& ([scriptblock]::Create('param($Name)\nWrite-Output \"$Name ${BRANCH} it''s\"')) -Name 'x'",
    );
  });

  test('the whole command is this', () => {
    fakePwsh(dir);
    expect(invoke({ script: './run.ps1', args: ['a'] }).args.at(-1)).toBe(
      `try { & './run.ps1' 'a' | Out-Default }
catch { [Console]::Error.WriteLine($_.Exception.GetType().Name + ': ' + $_ + [Environment]::NewLine + $_.InvocationInfo.PositionMessage); exit 1 }
exit [int]$global:LASTEXITCODE`,
    );
  });

  test('stdin reaches it as $input', () => {
    expect(callLine({ stdin: 'one\n' })).toBe("$input | & './run.ps1'");
  });
});

describe('arguments', () => {
  test.each<[string, readonly string[], string]>([
    ['values', ['a', 'b c', '', '-5', '--', '--%'], "'a' 'b c' '' '-5' '--' '--%'"],
    ['names', ['-TargetBranch', 'main', '-Force'], "-TargetBranch 'main' -Force"],
    ['names with a value', ['-Force:$false', '-Name:x y', '-At:'], "-Force:$false -Name:'x y' -At"],
    ['what only looks like a name', ['-a;calc', '-$(calc)', '-a b', '-é'], "'-a;calc' '-$(calc)' '-a b' '-é'"],
  ])('a list is taken as on a command line: %s', (_, args, words) => {
    expect(callLine({ args: [...args] })).toBe(`& './run.ps1' ${words}`);
  });

  test.each<[string, Json, string]>([
    ['a text', 'main', "-Name 'main'"],
    ['a text that starts with a dash', '-Force', "-Name '-Force'"],
    ['a number', 1.5, "-Name '1.5'"],
    ['true', true, '-Name:$true'],
    ['false', false, '-Name:$false'],
    ['a list', ['a,b', 'c', 1, true, null], "-Name @('a,b','c','1',$true,$null)"],
    ['an empty list', [], '-Name @()'],
    ['a list in a list', [['a']], '-Name @(\'["a"]\')'],
    ['an object', { a: "it's" }, '-Name \'{"a":"it\'\'s"}\''],
  ])('in a map, %s', (_, value, word) => {
    expect(callLine({ args: { Name: value } })).toBe(`& './run.ps1' ${word}`);
    expect(callLine({ args: { '-Name': value } })).toBe(`& './run.ps1' ${word}`);
  });

  test('null leaves a parameter out', () => {
    expect(callLine({ args: { A: null, '-B': 'b' } })).toBe("& './run.ps1' -B 'b'");
  });

  test.each(['', '-', '--Name', 'a b', 'a;calc', 'Name:', '$(calc)'])('%j is refused as a name', (key) => {
    fakePwsh(dir);
    expect(powershellInvocation({ script: './run.ps1', args: { [key]: 'x' } }, { PATH: dir }, 'linux')).toMatchObject({
      ok: false,
      error: { reason: 'spawn_failed', message: `args: ${JSON.stringify(key)} is not a PowerShell parameter name` },
    });
  });

  test('no value can get out of its literal', () => {
    fakePwsh(dir);
    const hostile = fc.string({
      unit: fc.constantFrom("'", '’', '‘', '‚', '‛', '"', '`', '$', '(', ')', ';', '\n', '-', 'a'),
    });
    fc.assert(
      fc.property(hostile, hostile, (one, two) => {
        const line = callLine({ args: { One: one, Two: [two, one] } }) ?? '';
        expect(readWords(line)).toEqual(['& ', './run.ps1', ' -One ', one, ' -Two @(', two, ',', one, ')']);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Reads source as PowerShell does: what stands outside of single-quoted literals, and between them their values. */
function readWords(source: string): string[] {
  const words = [''];
  let inside = false;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at]!;
    const escaped = inside && isQuote(char) && isQuote(source[at + 1]);
    if (escaped) at += 1;
    if (!isQuote(char) || escaped) words[words.length - 1] += char;
    else {
      inside = !inside;
      words.push('');
    }
  }
  return words.at(-1) === '' && !inside ? words.slice(0, -1) : words;
}

function isQuote(char: string | undefined): boolean {
  return char !== undefined && "'‘’‚‛".includes(char);
}

describe('run by a stand-in', () => {
  test('it gets the arguments, stdin and environment, and its exit code is told', async () => {
    const pwsh = fakePwsh(dir, { exitCode: 3 });
    const script = 'Write-Output \'π ’ "quoted" $HOME\'\nexit 3';
    const { env, ...invocation } = invoke({ script, args: ['-Force'], stdin: 'from above\n' });
    const streams = { stdoutFile: path.join(dir, 'out'), stderrFile: path.join(dir, 'err') };
    const own = { PATH: dir, BRANCH: 'main' };
    const end = await runProcess({ ...invocation, cwd: dir, env: { ...env, ...own }, ...streams, graceMs: 300 });
    expect({ end, err: readFileSync(streams.stderrFile, 'utf8') }).toEqual({ end: { exitCode: 3 }, err: '' });
    expect(pwsh.call()).toMatchObject({
      argv: invocation.args,
      stdin: 'from above\n',
      env: { ...own, POWERSHELL_TELEMETRY_OPTOUT: '1', POWERSHELL_UPDATECHECK: 'Off' },
    });
  });

  test('what the step sets itself about telemetry stays', () => {
    fakePwsh(dir);
    const env = { PATH: dir, POWERSHELL_TELEMETRY_OPTOUT: '0' };
    expect(invoke({}, env).env).toEqual({ POWERSHELL_UPDATECHECK: 'Off' });
  });
});
