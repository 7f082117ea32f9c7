import { MAX_DEPTH } from '../document/faults.js';
import type { Diagnostic } from '../model/diagnostic.js';
import { isMap } from '../problems/paths.js';
import { collectProblems, quote, type Problems } from '../problems/problems.js';
import { endsAsSecret } from './secret-names.js';
import { sourceSteps } from '../document/source-steps.js';
import { TOKEN_HINTS, TOKEN_SHAPES } from '../model/token-shapes.js';

type Path = readonly PropertyKey[];

const TOKEN = new RegExp(TOKEN_SHAPES.join('|'));
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,50}PRIVATE KEY/;
/** A URL with a password that is written out. */
const URL_PASSWORD = /\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s/:@"'<>]{0,100}:([^\s/@"'<>]{1,200})@/gi;
/** `NAME=value` and `--name value`, in a script or in one argument. */
const ASSIGNED = [
  /(?:^|[\s;&|("'`-])([A-Za-z][\w-]{1,60})=["']?([^\s"'`;&|()<>]{1,200})/g,
  /(?:^|\s)--([A-Za-z][\w-]{1,60})\s{1,20}["']?([^\s"'`;&|()<>]{1,200})/g,
];
/** What every name of a secret has in it: to look for that first is many times quicker. */
const NAMED_LIKE_ONE = /secret|token|passw|passphrase|pwd|credential|key/i;
/** Headers that say who one is. */
const CREDENTIAL_HEADER = /^(?:proxy-)?authorization$|^cookie$/i;
/** What stands for a value that is none. */
const NO_VALUE =
  /^(?:true|false|yes|no|on|off|none|null|nil|undefined|\d{1,3}|[*x.]+|<.*>|\[.*\]|your[-_].*|.*example.*)$/i;
const SHORTEST = 4;

/** What a text looks like that had better be no part of a plan or of what a run is started with. */
export function secretIn(text: string): string | undefined {
  if (TOKEN_HINTS.some((hint) => text.includes(hint)) && TOKEN.test(text)) return 'a token';
  if (text.includes('PRIVATE KEY') && PRIVATE_KEY.test(text)) return 'a private key';
  if (!text.includes('://')) return undefined;
  for (const [, password = ''] of text.matchAll(URL_PASSWORD)) if (isLiteral(password)) return 'a URL with a password';
  return undefined;
}

/**
 * Warns of secrets that stand in a plan as they are: by the looks of tokens, keys and URLs, and by the names of what
 * they are given to. Nothing of the value is repeated. What only looks at a plan that runs already has no use for it.
 */
export function secretLooks(source: unknown): Diagnostic[] {
  const problems = collectProblems();
  if (!isMap(source)) return [];
  checkInputNames(source['inputs'], ['inputs'], problems);
  for (const { step, path } of sourceSteps(source)) {
    const def = step?.['step_def'];
    if (isMap(def) && def['type'] === 'approval')
      checkInputNames(def['inputs'], [...path, 'step_def', 'inputs'], problems);
  }
  checkTexts(source, [], problems);
  return problems.found;
}

function checkInputNames(inputs: unknown, path: Path, problems: Problems): void {
  if (!isMap(inputs)) return;
  for (const [name, spec] of Object.entries(inputs)) {
    const type = isMap(spec) ? (spec['type'] ?? 'string') : undefined;
    if (type !== 'string' || !endsAsSecret(name)) continue;
    problems.add({
      severity: 'warning',
      code: 'secret_input',
      path: [...path, name],
      message: `the input ${quote(name)} looks like a secret, and input values are stored in plain text in the run's history`,
      hint: `declare it as a secret instead: secrets: { ${name}: { env: ${name} } }, and write \${{ secrets.${name} }} in env`,
    });
  }
}

function checkTexts(value: unknown, path: Path, problems: Problems): void {
  if (path.length > MAX_DEPTH) return;
  if (typeof value === 'string') {
    const what = secretIn(value) ?? assigned(value) ?? named(value, path);
    if (what !== undefined) warn(what, path, problems);
  } else if (Array.isArray(value)) {
    value.forEach((each, at) => {
      checkTexts(each, [...path, at], problems);
      // `--password`, and the password as the next argument.
      const option: unknown = value[at - 1];
      const follows = typeof option === 'string' && /^--?[A-Za-z][\w-]*$/.test(option) && endsAsSecret(option);
      if (follows && typeof each === 'string' && isLiteral(each) && secretIn(each) === undefined) {
        warn(`the value of ${option}`, [...path, at], problems);
      }
    });
  } else if (isMap(value)) {
    for (const [key, each] of Object.entries(value)) {
      // Where secrets come from, and names of variables.
      if (key === 'secrets' || key === 'env_aliases' || key === 'pass_env') continue;
      checkTexts(each, [...path, key], problems);
    }
  }
}

function warn(what: string, path: Path, problems: Problems): void {
  problems.add({
    severity: 'warning',
    code: 'secret_in_plan',
    path,
    message: `this looks like ${what}, and a plan is stored in plain text in the run's history`,
    hint: 'declare it under secrets, from a variable, a file or a command of the worker, and write ${{ secrets.NAME }}',
  });
}

/** `PASSWORD=…` in a script, `--password=…` in an argument. */
function assigned(text: string): string | undefined {
  if (!NAMED_LIKE_ONE.test(text)) return undefined;
  for (const pattern of ASSIGNED) {
    for (const [, name = '', value = ''] of text.matchAll(pattern)) {
      if (endsAsSecret(name) && isLiteral(value)) return `the value of ${name}`;
    }
  }
  return undefined;
}

/** The value of a key whose name says that it is one. */
function named(text: string, path: Path): string | undefined {
  const name = path.at(-1);
  if (typeof name !== 'string' || !isLiteral(text)) return undefined;
  if (name === 'default' && path[0] === 'inputs' && endsAsSecret(String(path[1])))
    return `the value of ${String(path[1])}`;
  const isHeader = path.at(-2) === 'headers' && CREDENTIAL_HEADER.test(name);
  return isHeader || endsAsSecret(name) ? `the value of ${name}` : undefined;
}

/** Whether a text is a value of its own: no template or variable, no path or plain URL, nothing that stands for none. */
function isLiteral(text: string): boolean {
  const value = text.trim();
  if (value.length < SHORTEST || /[$%{]/.test(value.slice(0, 2)) || value.includes('${')) return false;
  return !NO_VALUE.test(value) && !/^(?:[.~]{0,2}\/|[A-Za-z]:\\|https?:\/\/)/.test(value);
}
