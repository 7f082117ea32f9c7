import type { Fault, ReadResult } from './faults.js';
import { readJson } from './json.js';
import { withoutMark } from '../problems/byte-order-mark.js';
import { readYaml } from './yaml.js';
import { MAX_PLAN_FILE_BYTES } from '../model/file-size.js';

/** Turns the bytes of a file into text, or says why they are none. A byte order mark is dropped. */
export function decodeText(input: string | Uint8Array): { text: string } | { text: string; faults: Fault[] } {
  const size = input.length;
  if (size > MAX_PLAN_FILE_BYTES) {
    const message = `the file is ${size} bytes; a plan may have at most ${MAX_PLAN_FILE_BYTES}`;
    const hint = 'move large texts into files that the steps read';
    return { text: '', faults: [{ code: 'file_too_large', message, offset: 0, hint }] };
  }
  const text = withoutMark(typeof input === 'string' ? input : new TextDecoder().decode(input));
  const nul = text.indexOf('\0');
  if (nul >= 0) return { text, faults: [notText('the file contains a NUL character', nul)] };
  if (typeof input !== 'string' && !isUtf8(input)) {
    return { text, faults: [notText('the file is not UTF-8', Math.max(text.indexOf('\uFFFD'), 0))] };
  }
  return { text };
}

/** Reads a plan's text, JSON or YAML. */
export function readDocument(text: string, file: string | undefined): ReadResult {
  if (isEmpty(text)) {
    const hint = 'a plan has plan_id and steps; `orch init` writes a first one';
    return { faults: [{ code: 'empty_plan', message: 'the file contains no plan', offset: 0, hint }] };
  }
  if (!/^\s*[{[]/.test(text)) return readsAsJson(file) ? readJson(text) : readYaml(text);
  const json = readJson(text);
  if ('document' in json || json.faults.some((fault) => fault.code !== 'syntax_error')) return json;
  // YAML in braces looks like JSON at first; keys without quotes tell it, or the file's name.
  return /\.ya?ml$/i.test(file ?? '') || (!readsAsJson(file) && !/^\s*(\{\s*["}]|\[)/.test(text))
    ? readYaml(text)
    : json;
}

function readsAsJson(file: string | undefined): boolean {
  return /\.json$/i.test(file ?? '');
}

/** Nothing but space and comments. */
function isEmpty(text: string): boolean {
  return !/(?:^|\n)[^\S\n]*[^\s#]/.test(text);
}

function notText(message: string, offset: number): Fault {
  return { code: 'not_text', message, offset, hint: 'a plan is UTF-8 text: JSON or YAML' };
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
