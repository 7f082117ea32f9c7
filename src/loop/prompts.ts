/** A prompt of a loop. */
export interface Prompt {
  /** What it is called, below the folder of prompts: `reviewer.md`. */
  key: string;
  /** Its file, counted from the folder of the configuration. */
  file: string;
}

/**
 * What a prompt is called, however it is written: with the folder of prompts or without, with `.md`, `.txt` or nothing.
 *
 * @returns undefined for what is no name of a file below the folder of prompts
 */
export function promptKey(name: string, promptsDir: string): string | undefined {
  const path = plainPath(name);
  if (path === undefined) return undefined;
  const dir = plainPath(promptsDir);
  const inside = dir !== undefined && path.startsWith(`${dir}/`) ? path.slice(dir.length + 1) : path;
  return /\.md$/i.test(inside) ? `${inside.slice(0, -3)}.md` : `${inside.replace(/\.txt$/i, '')}.md`;
}

/** The prompt that a configuration names; undefined where that is no name of a file below the folder of prompts. */
export function promptOf(name: string, promptsDir: string): Prompt | undefined {
  const key = promptKey(name, promptsDir);
  const path = plainPath(name);
  if (key === undefined || path === undefined) return undefined;
  const dir = promptsDir.replace(/\/+$/, '') || '/';
  const plainDir = plainPath(promptsDir);
  const inside = plainDir !== undefined && path.startsWith(`${plainDir}/`) ? path.slice(plainDir.length + 1) : path;
  const named = /\.[A-Za-z0-9]+$/.test(inside) ? inside : key;
  return { key, file: dir === '.' ? named : `${dir}/${named}` };
}

/** A relative path without `.`, or undefined where it leads out, is absolute, empty, or holds control characters. */
function plainPath(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('/') || /\p{Cc}|\\/u.test(trimmed)) return undefined;
  const parts = trimmed.split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 || parts.includes('..') ? undefined : parts.join('/');
}
