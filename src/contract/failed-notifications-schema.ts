import { z } from 'zod';
import { NOTIFY_EVENTS } from '../plan/model/notify.js';

/** Notifications of a run that came to nothing, as its manifest and `--json` have them. */
export const failedNotificationsSchema = z
  .array(
    z.object({
      event: z.enum(NOTIFY_EVENTS),
      to: z.string(),
      reason: z.string(),
      message: z.string(),
      step: z.string().optional().describe('the step that waited'),
    }),
  )
  .describe('notifications that failed, the last five');
