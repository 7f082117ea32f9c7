import type { Notifier, NotifySettings, Webhook } from '../model/notify.js';
import type { SourceNotifier } from '../schema/notify.js';
import type { SourceStep } from '../schema/step.js';
import { given } from './omit-absent.js';
import { secretSources } from './secrets.js';

/** Who is told of a run; undefined where nobody is. */
export function notifyOf({
  notify,
  secrets,
}: {
  notify?: readonly SourceNotifier[] | null | undefined;
  secrets?: SourceStep['secrets'];
}): NotifySettings | undefined {
  const notifiers = notify ?? [];
  if (notifiers.length === 0) return undefined;
  return { notifiers: notifiers.map(notifierOf), secrets: secretSources(secrets) };
}

function notifierOf({ on, command, env, webhook }: SourceNotifier): Notifier {
  return { on: [...new Set(on)], env: env ?? {}, ...given({ command, webhook: webhookOf(webhook) }) };
}

function webhookOf(source: SourceNotifier['webhook']): Webhook | undefined {
  return source === undefined || source === null ? undefined : { url: source.url, ...given({ secret: source.secret }) };
}
