import os from 'node:os';
import type { WorkflowClient } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { REPO } from './cli.js';

/** A history as JSON has it. */
export interface RecordedHistory {
  events: {
    eventType: string;
    workflowExecutionStartedEventAttributes?: { workflowId: string; originalExecutionRunId: string };
  }[];
}

/** Sub-plans are named after their run, so a replay needs its name. */
export function workflowIdOf({ events }: RecordedHistory): string {
  return events[0]!.workflowExecutionStartedEventAttributes!.workflowId;
}

/**
 * The history of a workflow as text, without what tells where it was recorded: stack traces, the names of the host and
 * of the user.
 *
 * @throws Error where it tells so nevertheless
 */
export async function historyText(client: WorkflowClient, workflowId: string, runId?: string): Promise<string> {
  const text = historyToJSON(await client.getHandle(workflowId, runId).fetchHistory())
    .replace(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""')
    .replace(/"data": "([^"]*)"/g, (_all, data: string) => `"data": "${encoded(neutral(decoded(data)))}"`);
  const clean = neutral(text);
  const all = clean.replace(/"data": "([^"]*)"/g, (_all, data: string) => decoded(data));
  for (const place of [REPO, `${os.homedir()}/`, `@${os.hostname()}`])
    if (all.includes(place)) throw new Error(`${workflowId}: its history tells of this machine: ${place}`);
  return `${clean}\n`;
}

/** The histories that a run had before its last one, from the first on. */
export async function earlierHistories(client: WorkflowClient, workflowId: string): Promise<string[]> {
  const texts: string[] = [];
  let { events } = await client.getHandle(workflowId).fetchHistory();
  for (;;) {
    const before = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    if (!before) return texts;
    texts.unshift(await historyText(client, workflowId, before));
    ({ events } = await client.getHandle(workflowId, before).fetchHistory());
  }
}

/** Bytes as text, each a character: what is replaced is ASCII, and the rest comes back as it was. */
const decoded = (data: string): string => Buffer.from(data, 'base64').toString('latin1');
const encoded = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

function neutral(text: string): string {
  const host = os.hostname();
  return text
    .replaceAll(`${os.userInfo().username}@${host}`, 'user@host')
    .replaceAll(`@${host}`, '@host')
    .replaceAll(`"host":"${host}`, '"host":"host');
}
