import { decodeText } from '../../plan/document/parse.js';

/** What a text of JSON is made of, as far as comments are concerned: strings, which may look like them, and comments. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\//g;

/** Files of pipelines, and bundles of workstreams, which are only recognised. */
const OTHER_FILES = /"pipelines"\s*:|"openspec_change"\s*:|"id"\s*:\s*"ws-/;

/**
 * Puts blanks in the place of comments, so that everything else stays where it is.
 *
 * @returns undefined for a text without comments, and for one that is no file of pipelines, right or wrong
 */
export function withoutComments(input: string | Uint8Array): string | undefined {
  const decoded = decodeText(input);
  if ('faults' in decoded || !decoded.text.includes('/')) return undefined;
  const text = decoded.text.replace(TOKEN, (token) => (token.startsWith('"') ? token : token.replace(/[^\n\r]/g, ' ')));
  return /^\s*[{[]/.test(text) && OTHER_FILES.test(text) && !/"(?:plan_id|steps)"\s*:/.test(text) ? text : undefined;
}
