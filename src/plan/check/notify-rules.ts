import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { firstTemplate, secretsIn } from '../templates/template-text.js';
import { checkEnvNames } from './key-rules.js';

type Path = readonly PropertyKey[];

/** An absolute URL without credentials. Workflow code, which checks plans too, has no parser of URLs. */
const PLAIN_URL = /^https?:\/\/(?:[^\s/?#@:[\]]+|\[[\da-f:.]+\])(?::\d{1,5})?(?:[/?#]\S*)?$/i;
const CREDENTIALS = /^(https?:\/\/)[^/?#]*@/i;

/** Checks who is told of a run: that each is a command or a webhook, and that the webhook can be called. */
export function checkNotify(globals: unknown, problems: Problems, { inPlan = true } = {}): void {
  const notifiers: unknown = isMap(globals) ? globals['notify'] : undefined;
  if (!Array.isArray(notifiers)) return;
  for (const [place, each] of (notifiers as unknown[]).entries()) {
    if (!isMap(each)) continue;
    const path = ['globals', 'notify', place];
    checkNotifier(each, path, problems);
    if (inPlan && isMap(each['webhook'])) checkKey(each['webhook']['secret'], [...path, 'webhook', 'secret'], problems);
  }
}

function checkNotifier(notifier: Record<string, unknown>, path: Path, problems: Problems): void {
  const { command, webhook, env } = notifier;
  const given = [command, webhook].filter((value) => (value ?? undefined) !== undefined).length;
  if (given !== 1) {
    problems.add({
      code: given === 0 ? 'missing_key' : 'conflicting_keys',
      path,
      message:
        given === 0 ? 'this says nothing of how to notify' : 'this is both a command and a webhook; it can be only one',
      hint: given === 0 ? 'give a command or a webhook' : 'make two entries of it',
    });
  }
  if (isMap(env)) {
    checkEnvNames(env, [...path, 'env'], problems);
    if (given === 1 && isMap(webhook)) {
      const message = "'env' has no effect on a webhook";
      problems.add({ code: 'conflicting_keys', path: [...path, 'env'], message, hint: 'remove it' });
    }
  }
  if (typeof command === 'string') checkLine(command, [...path, 'command'], problems);
  if (isMap(webhook)) checkWebhook(webhook, [...path, 'webhook'], problems);
}

/** A shell would take `${NAME}` for a variable of its own; of `${{ … }}` it makes nothing. */
function checkLine(line: string, path: Path, problems: Problems): void {
  const template = firstTemplate(line);
  if (template?.startsWith('${{') !== true) return; // secrets are refused where all misplaced ones are
  problems.add({
    severity: 'warning',
    code: 'template_in_script',
    path,
    message: `${quote(template)} has no effect in a line for the shell`,
    hint: 'put the value into env, and read the variable; or give the command as a list, whose entries are templated',
  });
}

function checkWebhook({ url }: Record<string, unknown>, path: Path, problems: Problems): void {
  if (typeof url === 'string') {
    const problem = urlProblem(url);
    if (problem !== undefined) problems.add({ code: 'invalid_value', path: [...path, 'url'], ...problem });
  }
}

/** What stands in a plan is stored in plain text. */
function checkKey(secret: unknown, path: Path, problems: Problems): void {
  if (typeof secret !== 'string' || secret === '' || secretsIn(secret).length > 0) return;
  problems.add({
    code: 'invalid_value',
    path,
    message: 'this is not a secret: a plan is stored in plain text in the history of its runs',
    hint: 'declare the key under globals.secrets, and write ${{ secrets.NAME }}',
  });
}

/** What is wrong with a URL as far as it can be known before its templates are filled in. The URL is not repeated. */
function urlProblem(url: string): { message: string; hint?: string } | undefined {
  const beginning = url.split('$', 1)[0]!;
  if (beginning === '' && url.startsWith('$')) return undefined;
  if (!/^https?:\/\//i.test(beginning) || (beginning === url && !PLAIN_URL.test(url.replace(CREDENTIALS, '$1')))) {
    return { message: 'this is not an absolute http or https URL', hint: 'write it as https://example.org/path' };
  }
  if (CREDENTIALS.test(beginning)) {
    return {
      message: 'the URL contains credentials',
      hint: 'put the URL into a secret without them, or use a token in its path',
    };
  }
  return undefined;
}
