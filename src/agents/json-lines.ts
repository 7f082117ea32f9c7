import { plainText } from './plain-text.js';
import type { TurnProgress } from './types.js';

/** An event of an agent: any JSON object. */
export type AgentEvent = Readonly<Record<string, unknown>>;

/** Characters of a line that could not be read which are kept. */
const MAX_EXCERPT = 200;
/** Places of a line at which an event may begin that are tried. */
const MAX_TRIES = 20;

/**
 * Reads the events of a line: mostly one. Control sequences of terminals, and words that some other program has printed
 * before it or behind it, are passed over. What is no event is counted, and an event that cannot be read is noted.
 */
export function readEvents(line: string, progress: TurnProgress): AgentEvent[] {
  const whole = parseObject(line);
  if (whole !== undefined) return [whole];
  const text = plainText(line).trim();
  if (text === '') return [];
  const { events, isWhole } = eventsIn(text);
  if (isWhole && events.length > 0) return events;
  progress.badLines += 1;
  progress.badLine = text.slice(0, MAX_EXCERPT);
  if (!isWhole) progress.lostEvents = (progress.lostEvents ?? 0) + 1;
  return events;
}

/** The objects of a text, in order, whatever stands between them; not whole where another one seems to have begun. */
function eventsIn(text: string): { events: AgentEvent[]; isWhole: boolean } {
  const events: AgentEvent[] = [];
  let isWhole = true;
  let from = 0;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const start = text.indexOf('{', from);
    if (start < 0) return { events, isWhole };
    const end = endOfObject(text, start);
    const event = end === undefined ? undefined : parseObject(text.slice(start, end));
    if (event !== undefined) events.push(event);
    else if (/^\{\s*"/.test(text.slice(start, start + 80))) isWhole = false;
    from = event === undefined ? start + 1 : end!;
  }
  return { events, isWhole };
}

/** Where the object ends that begins at a place; undefined where the text ends before. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inText = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (inText) {
      if (char === '\\') at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function parseObject(text: string): AgentEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
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
