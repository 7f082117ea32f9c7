import type { TurnProgress } from './types.js';

/** An event of an agent: any JSON object. */
export type AgentEvent = Readonly<Record<string, unknown>>;

/** Reads a line as an event; what is none is counted, and passed over. */
export function readEvent(line: string, progress: TurnProgress): AgentEvent | undefined {
  const text = line.trim();
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // A line that was cut, or a message of the program that is no event.
  }
  progress.badLines += 1;
  return undefined;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is AgentEvent {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field that is an object; else an empty one. */
export function objectAt(event: AgentEvent, key: string): AgentEvent {
  const value = event[key];
  return isObject(value) ? value : {};
}

/** A field that is a text. */
export function textAt(event: AgentEvent, key: string): string | undefined {
  const value = event[key];
  return typeof value === 'string' ? value : undefined;
}

/** A field that is a number; else 0. */
export function numberAt(event: AgentEvent, key: string): number {
  const value = event[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
