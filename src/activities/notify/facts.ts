import type { Notification } from '../../contract/notify.js';

/** What a command finds in its environment; the whole message is on its stdin. */
export function factVariables(message: Notification): Record<string, string> {
  const { step, failed } = message;
  return {
    ORCH_EVENT: message.event,
    ORCH_NOTIFICATION_ID: message.id,
    ORCH_TEXT: message.text,
    ORCH_RUN_ID: message.run_id,
    ORCH_PLAN_ID: message.plan_id,
    ORCH_STATUS: message.status,
    ORCH_STEP_ID: step?.id ?? '',
    ORCH_QUESTION: step?.question ?? '',
    ORCH_FAILED_STEPS: failed.map(({ id }) => id).join(' '),
    ORCH_ANSWERS: message.answers.join('\n'),
  };
}
