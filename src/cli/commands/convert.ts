import path from 'node:path';
import { resolvePlanPath } from '../../plan/files/plan-path.js';
import { planReferences } from '../../plan/files/plan-references.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { refuseOverwriting, writeOut } from '../write-out.js';
import { loadPlanFile, type LoadFlags, type PlanFile } from '../load-plan.js';
import { hasControls } from '../terminal.js';

interface ConvertFlags extends LoadFlags {
  out?: string;
  force?: boolean;
  yaml?: boolean;
  json?: boolean;
}

/** `orch convert FILE`: a file of another system as the plan that it is run as. */
export async function convert(context: CliContext, file: string, flags: ConvertFlags): Promise<number> {
  const loaded = await loadPlanFile(context, file, flags);
  const parts = Object.keys(loaded.plans).filter((name) => name.startsWith(`${loaded.path}#`));
  const asYaml = flags.yaml === true || (flags.json !== true && /\.ya?ml$/i.test(flags.out ?? ''));
  if (flags.out === undefined) {
    if (parts.length > 0) {
      throw new UsageError(
        `${file} becomes ${parts.length + 1} plans, each in a file of its own`,
        'give --out FILE; the others are written next to it',
      );
    }
    context.out(await render(loaded.source, asYaml));
    return EXIT.succeeded;
  }
  const folder = path.dirname(path.resolve(context.cwd, flags.out));
  const names = namesOf(loaded, parts, path.basename(flags.out));
  refuseOverwriting(
    [...names.values()].map((name) => path.join(folder, name)),
    flags.force,
  );
  for (const [plan, name] of names) {
    const document = plan === loaded.path ? loaded.source : loaded.plans[plan];
    const moved = renameReferences(context, loaded, plan, document, names, folder);
    await writeOut(path.join(folder, name), await render(moved, asYaml), flags.force);
  }
  context.note(`wrote ${[...names.values()].map((name) => path.join(path.dirname(flags.out!), name)).join(', ')}\n`);
  return EXIT.succeeded;
}

/** What the file of each plan is called: the further ones after the first, `plan.docs.yaml` beside `plan.yaml`. */
function namesOf({ path: first }: PlanFile, parts: readonly string[], out: string): Map<string, string> {
  const { name, ext } = path.parse(out);
  const others = parts.map((part) => [part, `${name}.${part.slice(first.length + 1)}${ext}`] as const);
  return new Map([[first, out], ...others]);
}

/** The plans that a plan names, as they are named from where it is written to. */
function renameReferences(
  context: CliContext,
  loaded: PlanFile,
  from: string,
  document: unknown,
  names: ReadonlyMap<string, string>,
  folder: string,
): unknown {
  const moved = structuredClone(document) as Record<string, unknown>;
  const source = path.dirname(path.resolve(context.cwd, loaded.file));
  for (const { target, written, path: at } of planReferences(moved, from)) {
    const holder = at.slice(0, -1).reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)[key], moved);
    const name = names.get(resolvePlanPath(from, written));
    (holder as Record<PropertyKey, unknown>)[at.at(-1)!] = name ?? path.relative(folder, path.resolve(source, target));
  }
  return moved;
}

async function render(document: unknown, asYaml: boolean): Promise<string> {
  if (!asYaml) return `${JSON.stringify(document, null, 2)}\n`;
  const { stringify } = await import('yaml');
  const text = stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  // Such a sign is escaped where it would steer a terminal, and only double quotes know escapes.
  if (!hasControls(text)) return text;
  return stringify(document, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: 'QUOTE_DOUBLE',
    blockQuote: false,
  });
}
