/**
 * Names the file of a sub-plan as it counts from the folder of the first plan: by these names the plans of a run are
 * kept. Only the text is looked at, so that a workflow can do it too.
 *
 * @param from the same name of the plan that names it; without a slash it is in that folder itself
 * @param written what that plan says: relative to its own folder, or absolute
 */
export function resolvePlanPath(from: string, written: string): string {
  const isAbsolute = written.startsWith('/') || /^[A-Za-z]:[\\/]/.test(written);
  const whole = isAbsolute ? written : `${from.slice(0, from.lastIndexOf('/') + 1)}${written}`;
  const root = whole.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of whole.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || root === '') parts.push(part);
  }
  return root + parts.join('/');
}
