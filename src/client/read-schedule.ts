import { ScheduleNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { SCHEDULED_START, scheduleId, type ScheduleDefinition } from '../contract/schedule-messages.js';
import { isUnsigned, plain } from '../contract/seal.js';
import { OrchError } from './errors.js';
import { asOrchError, throughOutages } from './service-errors.js';

/** A schedule as the service has it. */
export interface ReadSchedule {
  definition: ScheduleDefinition;
  description: ScheduleDescription;
}

/**
 * Reads a schedule and what it starts.
 *
 * @param signed takes only what orch has signed, and signed as the definition of this schedule
 * @throws OrchError `schedule_not_found`; `forged`
 */
export async function readSchedule(client: Client, name: string, signed: boolean): Promise<ReadSchedule> {
  const description = await describeSchedule(client, name);
  const definition = definitionIn(description, name, signed);
  if (definition !== undefined) return { definition, description };
  throw new OrchError('forged', `The schedule '${name}' was not made by orch, or was changed by somebody else`, {
    hint: `nothing is started by it; \`orch schedule delete ${name}\` removes it`,
  });
}

/** @throws OrchError `schedule_not_found` */
export async function describeSchedule(client: Client, name: string): Promise<ScheduleDescription> {
  try {
    return await throughOutages(() => client.schedule.getHandle(scheduleId(name)).describe());
  } catch (error) {
    throw asScheduleError(error, name);
  }
}

/** What a schedule starts; undefined where that is nothing of orch's. */
export function definitionIn(
  { action }: ScheduleDescription,
  name: string,
  signed: boolean,
): ScheduleDefinition | undefined {
  if (action.type !== 'startWorkflow' || action.workflowType !== SCHEDULED_START) return undefined;
  const given: unknown = action.args?.[0];
  if (signed && isUnsigned(given)) return undefined;
  const definition = plain(given) as Partial<ScheduleDefinition> | undefined;
  return definition?.name === name && typeof definition.id === 'string'
    ? (definition as ScheduleDefinition)
    : undefined;
}

/** Says in orch's words what a call about a schedule threw. */
export function asScheduleError(error: unknown, name: string): unknown {
  if (error instanceof ScheduleNotFoundError) return scheduleNotFound(name);
  return asOrchError(error);
}

/** @param near what was probably meant */
export function scheduleNotFound(name: string, near?: string): OrchError {
  const hint = '`orch schedule list` shows the schedules';
  return new OrchError('schedule_not_found', `There is no schedule '${name}'`, {
    hint: near === undefined ? hint : `${near} ${hint}`,
  });
}
