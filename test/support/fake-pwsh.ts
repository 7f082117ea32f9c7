import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a stand-in was called with. */
export interface PwshCall {
  argv: string[];
  stdin: string;
  env: Record<string, string>;
}

/**
 * Puts a stand-in for PowerShell into a folder, which writes down what it is called with and ends with `exitCode`.
 *
 * @returns reads the call back; undefined where there was none.
 */
export function fakePwsh(
  folder: string,
  options: { name?: string; exitCode?: number } = {},
): { file: string; call(): PwshCall | undefined } {
  const file = path.join(folder, options.name ?? 'pwsh');
  const record = `${file}.call.json`;
  // The step's PATH holds no node: the interpreter stands in full.
  writeFileSync(
    file,
    `#!${process.execPath}
const fs = require('node:fs');
const call = { argv: process.argv.slice(2), stdin: fs.readFileSync(0, 'utf8'), env: process.env };
fs.writeFileSync(${JSON.stringify(record)}, JSON.stringify(call));
process.exitCode = ${options.exitCode ?? 0};
`,
  );
  chmodSync(file, 0o755);
  return {
    file,
    call: () => (existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as PwshCall) : undefined),
  };
}
