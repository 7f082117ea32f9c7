import { stripVTControlCharacters } from 'node:util';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control characters but tab and newline, halves of pairs, and what turns the direction of text. */
const UNSEEN = /(?![\t\n])\p{Cc}|\p{Cs}|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text of anybody as HTML, between tags and in quoted attributes alike; also good for SVG. */
export function escapeHtml(text: string): string {
  return stripVTControlCharacters(text)
    .replace(UNSEEN, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Cuts to `length` characters, whole ones. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
