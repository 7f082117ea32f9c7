import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { powershellInvocation, type PowershellCommand } from '../../../src/activities/command/powershell.js';
import { runProcess } from '../../../src/process/index.js';

const installed = powershellInvocation({ script: '1', args: [] }, process.env).ok;
const title = installed ? 'the real PowerShell' : 'the real PowerShell (skipped: none is installed on this machine)';

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'orch-pwsh-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

interface Run {
  code: number | undefined;
  out: string;
  err: string;
}

let runs = 0;

async function run(action: Partial<PowershellCommand> & { script: string }): Promise<Run> {
  const invocation = powershellInvocation({ args: [], ...action }, process.env);
  if (!invocation.ok) throw new Error(invocation.error.message);
  const { env, ...command } = invocation.value;
  runs += 1;
  const [stdoutFile, stderrFile] = [path.join(dir, `out${runs}`), path.join(dir, `err${runs}`)];
  const whole = { ...env, ...(process.env as Record<string, string>), NO_COLOR: '1' };
  const end = await runProcess({ ...command, cwd: dir, env: whole, stdoutFile, stderrFile, graceMs: 300 });
  return { code: end.exitCode, out: lines(stdoutFile), err: lines(stderrFile) };
}

function lines(file: string): string {
  return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
}

/** A native command that exits with `code`. */
const native = (code: number): string => `& '${process.execPath}' -e 'process.exit(${code})'`;

describe.skipIf(!installed)(title, () => {
  describe.each(['as text', 'as a file'])('%s', (form) => {
    const script = (text: string): string => {
      if (form === 'as text') return text;
      const name = `script${runs}.ps1`;
      writeFileSync(path.join(dir, name), text);
      return name;
    };

    test.each([
      ['ends well', "'done'", 0],
      ['fails in its last native command', native(3), 3],
      ['has a native command that failed, and a last one that did not', `${native(3)}; ${native(0)}`, 0],
      ['says exit 7 after a native command that did not fail', `${native(0)}; exit 7`, 7],
      ['says exit 0 after a native command that failed', `${native(3)}; exit 0`, 0],
      ['throws', "throw 'no way'", 1],
      ['stops at an error', "$ErrorActionPreference = 'Stop'; Get-Item ./nowhere; exit 0", 1],
      ['calls an unknown command', 'no-such-command-here; exit 0', 1],
      ['writes an error and goes on', "Write-Error 'only said'; 'on'", 0],
      ['cannot be parsed', 'if (', 1],
    ])('a script that %s', async (_, text, code) => {
      expect((await run({ script: script(text) })).code).toBe(code);
    });

    test('an error stands on stderr, what was written before on stdout', async () => {
      const { out, err } = await run({ script: script("[pscustomobject]@{ Word = 'before' }; throw 'no way'") });
      expect(out).toContain('before');
      expect(err).toContain('RuntimeException: no way');
    });

    test('objects are written out before a failed native command ends it', async () => {
      const { out } = await run({ script: script(`[pscustomobject]@{ Word = 'before' }; ${native(3)}`) });
      expect(out).toContain('before');
    });

    test('values arrive as they are', async () => {
      const hostile = `it's ’ "$(1+1)" \`n; exit 9 # \${HOME}`;
      const text =
        'param([string]$Name, [string[]]$List, [int]$N, [switch]$On, [switch]$Off)\nConvertTo-Json -Compress @($Name, $List, $N, [bool]$On, [bool]$Off)';
      const { out, err } = await run({
        script: script(text),
        args: { '-Name': hostile, List: ['a,b', hostile], N: 5, On: true, Off: false },
      });
      expect({ err, values: JSON.parse(out) as unknown }).toEqual({
        err: '',
        values: [hostile, ['a,b', hostile], 5, true, false],
      });
    });

    test('a list is positional, and names parameters', async () => {
      const text = 'param($A, $B, [switch]$Force)\n"$A|$B|$Force"';
      expect((await run({ script: script(text), args: ['one two', '-Force', '-B', 'x'] })).out).toBe(
        'one two|x|True\n',
      );
    });

    test('an unknown parameter is an error', async () => {
      const { code, err } = await run({ script: script('[CmdletBinding()] param($A)'), args: { Nope: 1 } });
      expect({ code, named: err.includes('Nope') }).toEqual({ code: 1, named: true });
    });

    test('stdin is $input', async () => {
      expect((await run({ script: script('$input | ForEach-Object { "<$_>" }'), stdin: 'one\ntwo\n' })).out).toBe(
        '<one>\n<two>\n',
      );
    });
  });
});
