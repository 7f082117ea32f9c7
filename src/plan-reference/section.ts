import type { ReferenceKey } from './keys.js';
import { NOTES } from './notes.js';

/** The examples of the reference: the text of each file by the name of its key. */
export type Examples = ReadonlyMap<string, string>;

/** The section of one key. */
export function keySection(key: ReferenceKey, examples: Examples, level: 3 | 4): string {
  const note = NOTES[key.name] ?? {};
  return [
    `${'#'.repeat(level)} \`${key.name}\``,
    sentence(note.text ?? key.description),
    ...(key.type === undefined ? [] : [factTable(key)]),
    ...(note.about === undefined ? [] : [note.about]),
    exampleOf(key.name, examples),
  ].join('\n\n');
}

/** A plan in a fence. @throws where there is none of that name */
export function fencedExample(name: string, examples: Examples): string {
  const text = examples.get(name);
  if (text === undefined) throw new Error(`docs/reference/${name}.yaml is missing`);
  return `\`\`\`yaml\n${text.trimEnd()}\n\`\`\``;
}

/** The name of the example that shows a key: its own, or that of the key that it is part of. */
export function exampleNameOf(key: string, examples: Examples): string {
  if (examples.has(key)) return key;
  const parent = key.slice(0, Math.max(0, key.lastIndexOf('.')));
  if (parent === '') throw new Error(`there is no example of ${key}`);
  return exampleNameOf(parent, examples);
}

/** Where a heading is linked to, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

function exampleOf(key: string, examples: Examples): string {
  const name = exampleNameOf(key, examples);
  return name === key ? fencedExample(key, examples) : `Its example is that of [\`${name}\`](#${anchorOf(name)}).`;
}

function factTable({ name, type, limits, default: fallback, required }: ReferenceKey): string {
  const note = NOTES[name] ?? {};
  const cells = [
    note.type ?? type ?? '',
    note.limits ?? limits ?? 'none',
    required ? '–' : (note.default ?? codeUnlessProse(fallback)),
    note.required ?? (required ? 'yes' : 'no'),
  ];
  return `| type | limits | default | required |\n|---|---|---|---|\n| ${cells.map(cell).join(' | ')} |`;
}

/** A bar would end the cell, in code too. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The default that the schema's description names: a value, or words such as `anybody` and `1 MiB`. */
function codeUnlessProse(fallback: string | undefined): string {
  if (fallback === undefined) return 'none';
  return ['anybody', 'off'].includes(fallback) || fallback.includes(' ') ? fallback : `\`${fallback}\``;
}

function sentence(text: string): string {
  return /[.:]$/.test(text) ? text : `${text}.`;
}
