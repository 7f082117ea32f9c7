import { parseExpectation } from './gate-expectation.js';
import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';

type Path = readonly PropertyKey[];
type Def = Record<string, unknown>;

/** Checks what the fields of one kind of step must be together, or beyond what a schema can say. */
export function checkDef(def: Def, path: Path, problems: Problems): void {
  switch (def['type']) {
    case 'shell':
      return checkOneOf(def, ['script', 'script_file'], path, problems);
    case 'powershell':
      return checkParameters(def['args'], [...path, 'args'], problems);
    case 'agent':
      checkOneOf(def, ['prompt', 'prompt_file'], path, problems);
      checkPromptText(def, path, problems);
      return checkGates(def['verify'], [...path, 'verify'], problems);
    case 'http':
      return checkHttp(def, path, problems);
    case 'wait':
      checkOneOf(def, ['seconds', 'until'], path, problems);
      return checkTime(def['until'], [...path, 'until'], problems);
    default:
  }
}

/** Exactly one of two keys. */
function checkOneOf(def: Def, [first, second]: [string, string], path: Path, problems: Problems): void {
  const given = [first, second].filter((key) => (def[key] ?? undefined) !== undefined);
  if (given.length === 0) {
    const type = String(def['type']);
    const message = `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type} step needs '${first}' or '${second}'`;
    problems.add({ code: 'missing_key', path: [...path, first], message });
  }
  if (given.length === 2) {
    const message = `'${first}' and '${second}' cannot be used together`;
    problems.add({ code: 'conflicting_keys', path: [...path, second], message, hint: 'remove one of the two' });
  }
}

function checkPromptText(def: Def, path: Path, problems: Problems): void {
  if ((def['prompt_text'] ?? undefined) === undefined || (def['prompt_file'] ?? undefined) !== undefined) return;
  const message = "'prompt_text' is the content of 'prompt_file', which is not set";
  problems.add({ code: 'conflicting_keys', path: [...path, 'prompt_text'], message, hint: 'use prompt' });
}

function checkGates(gates: unknown, path: Path, problems: Problems): void {
  if (!Array.isArray(gates)) return;
  for (const [index, gate] of gates.entries()) {
    if (!isMap(gate) || typeof gate['expect'] !== 'string' || gate['expect'] === '') continue;
    if (parseExpectation(gate['expect']) !== undefined) continue;
    problems.add({
      code: 'invalid_value',
      path: [...path, index, 'expect'],
      message: `${quote(gate['expect'])} is not a valid expectation`,
      hint: 'write exit 0, or contains "TEXT"',
    });
  }
}

function checkParameters(args: unknown, path: Path, problems: Problems): void {
  if (!isMap(args)) return;
  for (const name of Object.keys(args)) {
    if (/^-?[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== '__proto__') continue;
    problems.add({
      code: 'invalid_name',
      path: [...path, name],
      message: `${quote(name)} is not a valid PowerShell parameter name`,
      hint: 'use letters, digits and _, with or without a leading dash: TargetBranch or "-TargetBranch"',
    });
  }
}

function checkHttp(def: Def, path: Path, problems: Problems): void {
  const { url, method, body } = def;
  if (typeof url === 'string' && url !== '' && !url.includes('$') && !/^https?:\/\/[^/?#]/i.test(url)) {
    problems.add({
      code: 'invalid_value',
      path: [...path, 'url'],
      message: `${quote(url)} is not a valid URL`,
      hint: 'include its scheme and host: https://example.org/path',
    });
  }
  const plain = method ?? 'GET';
  if (typeof plain === 'string' && /^(get|head)$/i.test(plain) && (body ?? undefined) !== undefined) {
    const message = `a ${plain.toUpperCase()} request has no body`;
    problems.add({ code: 'conflicting_keys', path: [...path, 'body'], message, hint: 'add a method, such as POST' });
  }
  const forms = Array.isArray(def['expect_status']) ? (def['expect_status'] as unknown[]) : [def['expect_status']];
  for (const [index, form] of forms.entries()) {
    const [, from = '', to = ''] = /^(\d{3})-(\d{3})$/.exec(String(form)) ?? [];
    if (from <= to) continue;
    const at = Array.isArray(def['expect_status']) ? ['expect_status', index] : ['expect_status'];
    const message = `the range ${quote(form)} is empty: it ends before it starts`;
    problems.add({ code: 'invalid_value', path: [...path, ...at], message });
  }
}

function checkTime(until: unknown, path: Path, problems: Problems): void {
  if (typeof until !== 'string' || until === '') return;
  const shape = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
  if (shape.test(until) && isDate(until)) return;
  problems.add({
    code: 'invalid_value',
    path,
    message: `${quote(until)} is not a time in RFC 3339 format`,
    hint: 'write date, time and time zone: 2030-01-31T08:00:00Z, or 2030-01-31T08:00:00+01:00',
  });
}

/** Date.parse takes the 31st of February for the 3rd of March. */
function isDate(text: string): boolean {
  const time = Date.parse(text.replace(' ', 'T').toUpperCase());
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return Number.isFinite(time) && Number.isFinite(day) && new Date(day).getUTCDate() === Number(text.slice(8, 10));
}
