import type { Notifier } from '../model/notify.js';
import { secretsIn } from './template-text.js';
import { partsOf, type SecretUse } from './secret-uses.js';

/** A notifier with its templates filled in. */
export interface ExpandedNotifier {
  action: Pick<Notifier, 'command' | 'webhook' | 'env'>;
  /** Texts in which a worker puts secrets; elsewhere these stand as they are written. */
  uses: SecretUse[];
}

/**
 * Fills in the templates of a notifier. A line for the shell is passed on as it is written.
 *
 * @param fill fills in a text; a secret's name stays as it is written
 */
export function expandNotifier({ command, webhook, env }: Notifier, fill: (text: string) => string): ExpandedNotifier {
  const uses: SecretUse[] = [];
  const filled = (map: Readonly<Record<string, string>>, path: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(map).map(([name, text]) => {
        if (secretsIn(text).length === 0) return [name, fill(text)];
        uses.push({ path: ['action', path, name], parts: partsOf(text, fill) });
        return [name, text];
      }),
    );
  const action: ExpandedNotifier['action'] = { env: filled(env, 'env') };
  if (command !== undefined) action.command = typeof command === 'string' ? command : command.map(fill);
  if (webhook !== undefined) action.webhook = filled({ ...webhook }, 'webhook') as { url: string };
  return { action, uses };
}

/** Who is told, in words that hold neither a token nor a path: those may open what is behind them. */
export function notifierName({ command, webhook }: Pick<Notifier, 'command' | 'webhook'>): string {
  if (webhook !== undefined) return `webhook ${placeOf(webhook.url)}`;
  const program = typeof command === 'string' ? command.trim().split(/\s+/, 1)[0]! : (command?.[0] ?? '');
  return `command ${program.slice(0, 100)}`;
}

function placeOf(url: string): string {
  const origin = /^https?:\/\/[^/?#@\\$]+(?=[/?#]|$)/i.exec(url)?.[0];
  if (origin !== undefined) return origin;
  const [name] = secretsIn(url);
  return name === undefined ? '(its URL is made by a template)' : `(its URL is in the secret ${name})`;
}
