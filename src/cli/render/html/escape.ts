import { printable } from '../format.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Halves of pairs, which no document may hold. */
const HALVES = /\p{Cs}/gu;

/** Text of anybody as HTML, between tags and in quoted attributes alike; also good for SVG. */
export function escapeHtml(text: string): string {
  return printable(text)
    .replace(HALVES, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Cuts to `length` characters, whole ones. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
