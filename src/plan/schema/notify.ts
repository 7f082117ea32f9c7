import { z } from 'zod';
import { NOTIFY_EVENTS } from '../model/notify.js';
import { environment, names, optional, text } from './parts.js';
import { writtenAs } from './written-forms.js';

const events = z.array(z.enum(NOTIFY_EVENTS)).min(1).register(writtenAs, { form: 'list' });

const webhook = z.strictObject({
  url: text.describe('Where the message is posted; may contain secrets'),
  secret: optional(text, 'Key of the signature: ${{ secrets.NAME }}'),
});

const notifier = z.strictObject({
  on: events.describe('The events: failed, succeeded, canceled, waiting, quarantined'),
  command: optional(z.union([text, names]), 'A program with its arguments, or one line for the shell'),
  env: optional(environment, 'Environment of the command; may contain secrets'),
  webhook: optional(webhook, 'Where the message is posted as JSON'),
});

/** Who is told of what. */
export const notify = z.array(notifier).max(20);

/** A notifier as it is written. */
export type SourceNotifier = z.infer<typeof notifier>;
