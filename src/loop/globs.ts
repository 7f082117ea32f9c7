/** Whether a path, with `/`, matches a glob: `*` and `?` stay within a folder, `**` does not. */
export function matchesGlob(path: string, glob: string): boolean {
  return toRegExp(glob).test(path);
}

export function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(path, glob));
}

const known = new Map<string, RegExp>();

function toRegExp(glob: string): RegExp {
  const cached = known.get(glob);
  if (cached !== undefined) return cached;
  const plain = glob.replace(/^\.\//, '').replace(/\/{2,}/g, '/');
  // A folder means all that is in it.
  const whole = plain.endsWith('/') ? `${plain}**` : plain;
  let source = '';
  for (let i = 0; i < whole.length;) {
    if (whole.startsWith('**/', i)) {
      source += '(?:[^/]+/)*';
      i += 3;
    } else if (whole.startsWith('**', i)) {
      source += '.*';
      i += 2;
    } else {
      const character = whole[i]!;
      source +=
        character === '*' ? '[^/]*' : character === '?' ? '[^/]' : character.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
      i += 1;
    }
  }
  const made = new RegExp(`^${source}$`, 'su');
  known.set(glob, made);
  return made;
}
