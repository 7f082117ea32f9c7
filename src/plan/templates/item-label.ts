import type { Json } from '../model/values.js';
import { fingerprintOf } from './fingerprint.js';

/** Characters of a label; a longer one is cut, and ends with what tells it from others. */
const MOST = 80;

/** The step and the item in the name of an instance, as in `extract[orders]`; undefined where it is no such name. */
export function splitInstanceName(name: string): { step: string; item: string } | undefined {
  const [, step, item] = /^([^[]+)\[(.*)\]$/s.exec(name) ?? [];
  return step === undefined ? undefined : { step, item: item! };
}

/** What people call an item of a `foreach`: its text, or that of its JSON. Different items have different labels. */
export function itemLabel(item: Json): string {
  const text = typeof item === 'string' ? item : JSON.stringify(item);
  return text.length <= MOST ? text : `${text.slice(0, MOST - 14)}… ${fingerprintOf(text)}`;
}
