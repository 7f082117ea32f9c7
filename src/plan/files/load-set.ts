import type { AgentSettings } from '../model/agent.js';
import type { Diagnostic, Result } from '../model/diagnostic.js';
import type { LoadedPlan, LoadOptions } from './load-one.js';
import type { Convert } from './converted.js';
import { buildGraph } from '../graph/graph.js';
import { openFile, partOf, type OpenFile } from './open-file.js';
import type { AbsentPlans } from './plan-document.js';
import { planReferences } from './plan-references.js';
import { checkPlanSet, MAX_PLAN_DEPTH, MAX_SUB_PLANS } from './check-set.js';
import type { PlanText, NoPlanText, PlanTexts } from './plan-text.js';
import { takePromptFiles } from './prompt-files.js';
import { byPlace, cut, type OpenText } from '../document/open-text.js';
import { numberTexts } from '../templates/number-texts.js';
import { secretLooks } from '../templates/secret-looks.js';
import { tooDeep } from './sub-plan-rules.js';
import type { Plan } from '../model/plan.js';
import { defined } from '../../basics/defined.js';

/** A plan that was read and checked together with its sub-plans. */
export interface LoadedPlanSet extends LoadedPlan {
  /** The name of its own file as its sub-plans would name it. */
  path: string;
  /** The documents of the sub-plans, by path; for a run they are pinned with the plan. */
  plans: Record<string, unknown>;
  /** The same, checked. */
  subPlans: ReadonlyMap<string, Plan>;
  /** Settings of agents from the configuration file; absent where there is none. */
  agents?: Readonly<Record<string, AgentSettings>>;
  /** The format that it was converted from; absent for a plan that is one. */
  format?: string;
}

/** How a set of plans is read. */
export interface LoadSetOptions extends Pick<LoadOptions, 'strict'> {
  /** Reads files in other formats, too. Default: plans only. */
  convert?: Convert;
}

/** What reading a set of plans gives. */
export interface LoadSetResult {
  loaded: Result<LoadedPlanSet, Diagnostic[]>;
  texts: PlanTexts;
  /** The format of the first file, also where it is wrong; absent for a plan. */
  format?: string;
}

/**
 * Reads and checks a plan and all plans that it comes to run as steps.
 *
 * @param path the name of the plan's own file, without its folder: sub-plans may name it
 * @param read gives the text of a sub-plan, whose path counts from the folder of the first plan
 */
export async function loadPlanSet(
  path: string,
  root: PlanText,
  read: (path: string) => Promise<PlanText | NoPlanText>,
  options: LoadSetOptions = {},
): Promise<LoadSetResult> {
  const texts = new Map([[path, root]]);
  const first = openFile(path, root, options.convert, true);
  const format = defined({ format: first.format });
  const fail = (found: readonly Diagnostic[]): LoadSetResult => ({
    loaded: { ok: false, error: cut([...found]) },
    texts,
    ...format,
  });
  const asAsked = (each: Diagnostic): Diagnostic => (options.strict ? { ...each, severity: 'error' } : each);
  if (first.main === undefined) return fail(first.diagnostics.map(asAsked));
  const source = first.main.value;
  const { opened, absent, faults } = await openSubPlans(path, first, read, texts, options.convert);
  for (const [name, document] of opened) {
    const missing = await takePromptFiles(document.value, name, read);
    faults.push(...missing.map((each) => document.place(each)));
  }
  const plans = Object.fromEntries(
    [...opened].filter(([name]) => name !== path).map(([name, { value }]) => [name, value]),
  );
  const checked = checkPlanSet({ source, path, plans }, absent);
  const looks = [...opened].flatMap(([name, { value, textAt }]) =>
    [...secretLooks(value), ...numberTexts(value, textAt)].map((each) => ({ ...each, file: name })),
  );
  const placed = placeInTexts([...(checked.ok ? checked.value.warnings : checked.error), ...looks], opened, path);
  const found = [...first.diagnostics, ...placed, ...faults];
  const diagnostics = found.map(asAsked);
  const wrong = faults.some((each) => each.severity === 'error');
  if (!checked.ok || wrong || (options.strict && found.length > 0)) return fail(diagnostics);
  const { plan, plans: subPlans } = checked.value;
  const graph = buildGraph(plan);
  const value = { source, path, plans, subPlans, plan, graph, diagnostics: cut(diagnostics), ...format };
  return { loaded: { ok: true, value }, texts, ...format };
}

/**
 * Gives diagnostics that were found later their places in the texts that were read; `file` says in which of them, by
 * path. Those without a path are returned as they are.
 *
 * @param convert what the texts were read with
 */
export function attachPlacesInTexts(
  diagnostics: readonly Diagnostic[],
  texts: PlanTexts,
  root: string,
  convert?: Convert,
): Diagnostic[] {
  const opened = new Map<string, OpenText>();
  for (const [path, text] of texts) {
    const { main, parts } = openFile(path, text, convert, path === root);
    if (main !== undefined) opened.set(path, main);
    for (const [part, text] of parts) opened.set(part, text);
  }
  const pathless = diagnostics.filter((each) => each.path === undefined);
  const others = diagnostics.filter((each) => each.path !== undefined);
  return [...placeInTexts(others, opened, root), ...pathless];
}

/** Opens what the plans name, level by level, each file once. */
async function openSubPlans(
  path: string,
  root: OpenFile,
  read: (path: string) => Promise<PlanText | NoPlanText>,
  texts: Map<string, PlanText>,
  convert: Convert | undefined,
): Promise<{ opened: Map<string, OpenText>; absent: AbsentPlans; faults: Diagnostic[] }> {
  const opened = new Map([[path, root.main!]]);
  const files = new Map([[path, root]]);
  const absent = new Map<string, NoPlanText>();
  const faults: Diagnostic[] = [];
  /** Reads a file at its first mention. */
  const fileAt = async (target: string): Promise<OpenFile | NoPlanText> => {
    const known = files.get(target);
    if (known !== undefined) return known;
    const found = await read(target);
    if (!('text' in found)) return found;
    texts.set(target, found);
    const file = openFile(target, found, convert, false);
    files.set(target, file);
    faults.push(...file.diagnostics);
    return file;
  };
  let level = [path];
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const from of level) {
      for (const reference of planReferences(opened.get(from)!.value, from)) {
        const { target } = reference;
        if (opened.has(target) || absent.has(target)) continue;
        const refused = depth >= MAX_PLAN_DEPTH ? tooDeep(reference, MAX_PLAN_DEPTH) : tooManyFiles(opened.size);
        const found = refused ?? (await partOf(target, fileAt));
        if ('code' in found) {
          absent.set(target, { code: found.code, message: found.message, ...(found.hint && { hint: found.hint }) });
        } else if (found.text === undefined) {
          absent.set(target, unreadable(reference.written));
        } else {
          opened.set(target, found.text);
          next.push(target);
        }
      }
    }
    level = next;
  }
  return { opened, absent, faults };
}

function tooManyFiles(count: number): NoPlanText | undefined {
  if (count <= MAX_SUB_PLANS) return undefined;
  return { code: 'sub_plan_limit', message: `there are more than ${MAX_SUB_PLANS} sub-plans` };
}

function unreadable(written: string): NoPlanText {
  return {
    code: 'invalid_sub_plan',
    message: `the plan '${written}' cannot be read`,
    hint: 'its own problems are reported, too',
  };
}

/** In the order of the files, and within each in the order of places. */
function placeInTexts(
  diagnostics: readonly Diagnostic[],
  opened: ReadonlyMap<string, OpenText>,
  root: string,
): Diagnostic[] {
  return [...opened].flatMap(([path, text]) =>
    diagnostics
      .filter((each) => (each.file ?? root) === path)
      .map((each) => text.place(each, (other) => (opened.get(other.file ?? path) ?? text).placeOf(other.path, 'value')))
      .sort(byPlace),
  );
}
