import { readFileSync, statSync } from 'node:fs';
import { parseStrictJson } from '../../plan/document/exact-json.js';
import type { Json } from '../../plan/model/values.js';
import { readEnd, readEndBytes } from '../../process/index.js';

/** Largest file of outputs. Bytes. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Most bytes of outputs that one step hands to expressions: they travel in Temporal's history. */
const MAX_CARRIED_BYTES = 128 * 1024;
/** Most bytes of `outputs.stdout`; the log has the rest. */
const MAX_STDOUT_BYTES = 64 * 1024;

const WRITE_UTF8 = 'write it as UTF-8 (in Windows PowerShell: Out-File -Encoding utf8)';

/** What a step wrote as its outputs cannot be used. */
class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * The outputs of a step that some expression of the plan reads.
 *
 * @param wanted their names; `stdout` is the end of the step's standard output
 * @throws OutputError where the file is no valid list of outputs, or what is wanted of it is too large
 */
export function collectOutputs(file: string, stdoutFile: string, wanted: readonly string[]): Record<string, Json> {
  const written = readOutputs(file);
  const outputs: Record<string, Json> = {};
  for (const name of wanted) {
    if (Object.hasOwn(written, name)) outputs[name] = written[name]!;
    else if (name === 'stdout') outputs[name] = readStdout(stdoutFile);
  }
  const bytes = Buffer.byteLength(JSON.stringify(outputs));
  if (bytes > MAX_CARRIED_BYTES) {
    throw new OutputError(
      `the outputs that expressions read are ${bytes} bytes, more than ${MAX_CARRIED_BYTES}; write large data to a file and output its path`,
    );
  }
  return outputs;
}

/** The end of what the step printed. What is no text is refused, too: replaced signs would go on as if they were meant. */
function readStdout(file: string): string {
  const { tail } = readEnd(file, MAX_STDOUT_BYTES);
  if (!tail.includes('\uFFFD') || isUtf8(file)) return tail;
  throw new OutputError(
    'stdout, which an expression reads, is not UTF-8; write binary data to a file and output its path',
  );
}

/** Whether the end of a file is UTF-8: a replacement sign may really stand there. */
function isUtf8(file: string): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(readEndBytes(file, MAX_STDOUT_BYTES).end);
    return true;
  } catch {
    return false;
  }
}

/** Reads a file of outputs: one JSON object, or lines. No file means no outputs. */
function readOutputs(file: string): Record<string, Json> {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return {};
  if (size > MAX_FILE_BYTES) throw new OutputError(`$ORCH_OUTPUT is ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
  const text = decode(readFileSync(file));
  return text.trimStart().startsWith('{') ? parseObject(text) : parseOutputLines(text);
}

/** UTF-8, with a byte order mark or without. Anything else is refused: garbled text would go on as if it were meant. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw new OutputError(`$ORCH_OUTPUT is UTF-16; ${WRITE_UTF8}`);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) throw new OutputError(`$ORCH_OUTPUT is UTF-16; ${WRITE_UTF8}`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new OutputError(`$ORCH_OUTPUT is not UTF-8; ${WRITE_UTF8}`);
  }
  const nul = text.indexOf('\0');
  if (nul < 0) return text;
  throw new OutputError(
    `line ${text.slice(0, nul).split('\n').length} of $ORCH_OUTPUT holds a NUL character, which no variable or argument can carry`,
  );
}

function parseObject(text: string): Record<string, Json> {
  const read = parseStrictJson(text);
  if ('value' in read) return read.value as Record<string, Json>;
  throw new OutputError(`$ORCH_OUTPUT starts like a JSON object but is not one: ${read.problem}`);
}

/**
 * Reads `name=value` lines. A value of several lines stands between `name<<WORD` and a line that is `WORD`, the form
 * of GitHub Actions' GITHUB_OUTPUT.
 */
function parseOutputLines(text: string): Record<string, Json> {
  const outputs: Record<string, Json> = {};
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    if (line.trim() === '') continue;
    const match = /^([A-Za-z_][A-Za-z0-9_-]*)(=|<<)(.*)$/.exec(line);
    if (match === null) {
      throw new OutputError(`line ${i + 1} of $ORCH_OUTPUT is neither name=value nor name<<WORD: ${line.slice(0, 80)}`);
    }
    const [, name, sign, rest] = match as unknown as [string, string, string, string];
    if (sign === '=') {
      outputs[name] = rest;
      continue;
    }
    const end = lines.indexOf(rest.trim(), i + 1);
    if (end < 0)
      throw new OutputError(`line ${i + 1} of $ORCH_OUTPUT: the value of '${name}' has no closing ${rest.trim()}`);
    outputs[name] = lines.slice(i + 1, end).join('\n');
    i = end;
  }
  return outputs;
}
