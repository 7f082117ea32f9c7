import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { suggest } from '../plan/problems/suggest.js';

/** Files of a folder that are named. */
const MOST_NAMED = 5;
const OF_PLANS = /\.(ya?ml|json)$/i;

/**
 * What may have been meant by the name of a file that is no plan: for a folder the plans in it, else one with a name like
 * it beside it, or those that are there.
 */
export async function plansNear(file: string, cwd: string): Promise<string | undefined> {
  const absolute = path.resolve(cwd, file);
  if ((await stat(absolute).catch(() => undefined))?.isDirectory() === true) {
    const inside = (await plansIn(absolute)).map((name) => path.join(file, name));
    return inside.length === 0 ? 'it holds no plans' : `it holds ${named(inside)}`;
  }
  const beside = await plansIn(path.dirname(absolute));
  const stem = path.parse(absolute).name;
  const near = beside.find((name) => path.parse(name).name === stem) ?? suggest(path.basename(absolute), beside);
  const where = (name: string): string => path.join(path.dirname(file), name);
  if (near !== undefined) return `did you mean '${where(near)}'?`;
  if (beside.length === 0) return `there are no plans in ${path.dirname(absolute)}`;
  return `there ${beside.length === 1 ? 'is' : 'are'} ${named(beside.map(where))}`;
}

async function plansIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((each) => (each.isFile() && OF_PLANS.test(each.name) ? [each.name] : [])).sort();
}

function named(files: readonly string[]): string {
  const more = files.length - MOST_NAMED;
  return `${files.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
