import { findCycles } from '../graph/cycles.js';
import type { Diagnostic } from '../model/diagnostic.js';
import type { Json } from '../model/values.js';
import { fillDeep } from '../templates/expand-action.js';
import { sourceExpressionSites } from '../templates/expression-sites.js';
import { resolveSubPlanInputs } from '../templates/inputs.js';
import { formatPath, isMap, valueAt } from '../problems/paths.js';
import { inFile, type AbsentPlans, type PlanDocument } from './plan-document.js';
import type { PlanReference } from './plan-references.js';
import { quote, toDiagnostic, type Problem } from '../problems/problems.js';
import { expressionOf } from '../templates/step-expressions.js';
import { didYouMean } from '../problems/suggest.js';
import { fillTemplate, holdsTemplate } from '../templates/template-text.js';
import type { Plan } from '../model/plan.js';

type Documents = ReadonlyMap<string, PlanDocument>;

/** Checks what the plans of a set ask of each other. The first document is the one that is to be run. */
export function checkReferences(documents: Documents, absent: AbsentPlans, maxDepth: number): Diagnostic[] {
  const found = checkRecursion(documents);
  if (found.length === 0) found.push(...checkDepth(documents, maxDepth));
  for (const document of documents.values()) {
    for (const reference of document.references) {
      const problems = checkReference(reference, documents.get(reference.target), absent.get(reference.target));
      found.push(...problems.map((each) => inFile(each, document.path)));
    }
    found.push(...checkOutputReads(document, documents));
    found.push(...checkRunIds(document, documents).map((each) => inFile(each, document.path)));
  }
  return found;
}

/** Plans that come to run themselves, each circle with all its edges. */
function checkRecursion(documents: Documents): Diagnostic[] {
  const all = [...documents.values()];
  const position = new Map(all.map(({ path }, index) => [path, index]));
  const edges = all.map(({ references }) => references.flatMap(({ target }) => position.get(target) ?? []));
  const selves = edges.flatMap((targets, index) => (targets.includes(index) ? [[index]] : []));
  return [...selves, ...findCycles(edges)].map((cycle) => {
    const members = cycle.map((index) => all[index]!);
    const related = members.map((document, place) => {
      const next = members[(place + 1) % members.length]!.path;
      const { step, path } = document.references.find(({ target }) => target === next)!;
      return inFile(
        { message: `step '${step}' of ${document.path} runs ${next}`, path: formatPath(path) },
        document.path,
      );
    });
    const names = [...members, members[0]!].map(({ path }) => path);
    const said = members.length === 1 ? 'this plan runs itself' : 'these plans run each other';
    const first: Diagnostic = {
      code: 'recursive_plan',
      severity: 'error',
      message: `${said}, endlessly: ${names.join(' → ')}`,
      path: related[0]!.path,
      hint: 'remove one of these steps; foreach runs a plan for each of several values',
      related,
    };
    return inFile(first, members[0]!.path);
  });
}

function checkDepth(documents: Documents, maxDepth: number): Diagnostic[] {
  let level = new Set([...documents.values()].slice(0, 1));
  for (let depth = 0; depth < maxDepth; depth += 1) {
    const targets = [...level].flatMap(({ references }) => references.map(({ target }) => documents.get(target)));
    level = new Set(targets.filter((document) => document !== undefined));
  }
  return [...level].flatMap(({ path, references }) => {
    const first = references.find(({ target }) => documents.has(target));
    return first === undefined ? [] : [inFile(toDiagnostic(tooDeep(first, maxDepth)), path)];
  });
}

/** What is said of a sub-plan below too many others. */
export function tooDeep({ path }: Pick<PlanReference, 'path'>, maxDepth: number): Problem {
  return {
    code: 'sub_plan_limit',
    path,
    message: `sub-plans are nested more than ${maxDepth} deep`,
    hint: 'move steps of the inner plans into the outer ones',
  };
}

function checkReference(
  reference: PlanReference,
  target: PlanDocument | undefined,
  why: Pick<Diagnostic, 'code' | 'message' | 'hint'> | undefined,
): Diagnostic[] {
  const path = formatPath(reference.path);
  if (target === undefined) return [{ severity: 'error', path, ...(why ?? notGiven(reference)) }];
  if (target.checked.ok) return checkInputs(reference, target.checked.value.plan);
  const message = `the plan ${quote(reference.written)} is not valid`;
  return [{ code: 'invalid_sub_plan', severity: 'error', path, message, hint: 'its own problems are reported, too' }];
}

function notGiven({ written, target }: PlanReference): Pick<Diagnostic, 'code' | 'message' | 'hint'> {
  return {
    code: 'sub_plan_missing',
    message: `the plan ${quote(written)} was not given with this one`,
    hint: `load the file with loadPlanFile, or give its document in plans, as '${target}'`,
  };
}

/** What is known of the inputs before the run: all but the values of templates. */
function checkInputs({ written, inputs, inputsPath }: PlanReference, plan: Plan): Diagnostic[] {
  const isLate = (name: string) => Object.hasOwn(plan.inputs, name) && holdsTemplate(inputs[name]);
  const literal = Object.entries(inputs).filter(([name]) => !isLate(name));
  const given = Object.fromEntries(literal.map(([name, value]) => [name, fillDeep(value as Json, unescape)]));
  const specs = Object.fromEntries(
    Object.entries(plan.inputs).filter(([name]) => !Object.hasOwn(inputs, name) || !isLate(name)),
  );
  const resolved = resolveSubPlanInputs({ plan: written }, specs, given, inputsPath);
  return resolved.ok ? [] : resolved.error;
}

function unescape(text: string): string {
  return fillTemplate(text, () => undefined);
}

/** The run of a step's plan is called after the step, and a step below after both: `a.b` is one of `a` too where it has `b`. */
function checkRunIds({ references, source }: PlanDocument, documents: Documents): Diagnostic[] {
  const single = references.filter(
    ({ path }) => (valueAt(source, [...path.slice(0, 2), 'foreach']) ?? undefined) === undefined,
  );
  const byStep = new Map(single.map((reference) => [reference.step, reference]));
  return single.flatMap((other) => {
    const parts = other.step.split('.');
    return parts.slice(1).flatMap((_, cut) => {
      const outer = byStep.get(parts.slice(0, cut + 1).join('.'));
      const rest = parts.slice(cut + 1).join('.');
      if (outer === undefined || rest === '' || !runsBelow(outer.target, rest, documents)) return [];
      const message = `the runs of '${other.step}' and of '${rest}' in the plan of '${outer.step}' would have one id`;
      const path = [...other.path.slice(0, 2), 'id'];
      return [toDiagnostic({ code: 'run_id_collision', path, message, hint: 'give one of the steps another id' })];
    });
  });
}

/** Whether a plan comes to start a run that is called so after its own. */
function runsBelow(target: string, name: string, documents: Documents, depth = 0): boolean {
  const references = depth > 20 ? [] : (documents.get(target)?.references ?? []);
  return references.some(
    ({ step, target: next }) =>
      step === name ||
      (name.startsWith(`${step}.`) && runsBelow(next, name.slice(step.length + 1), documents, depth + 1)),
  );
}

/** Outputs that are read of a step that runs a plan, and that this plan does not hand out. */
function checkOutputReads({ path, source, checked, references }: PlanDocument, documents: Documents): Diagnostic[] {
  if (!checked.ok || references.length === 0 || !isMap(source)) return [];
  const { plan } = checked.value;
  // Where a fallback makes up for a step, the outputs are the fallback's.
  const alone = new Set(plan.steps.flatMap((step) => (step.fallback_step === undefined ? [step.id] : [])));
  const targets = new Map(references.flatMap((each) => (alone.has(each.step) ? [[each.step, each] as const] : [])));
  const found: Diagnostic[] = [];
  for (const site of sourceExpressionSites(source)) {
    for (const { step, output } of expressionOf(plan.globals, site.text).reads.prevSteps) {
      const reference = output === undefined ? undefined : targets.get(step);
      const target = reference && documents.get(reference.target)?.checked;
      if (!target?.ok) continue;
      const known = ['run_id', ...Object.keys(target.value.plan.outputs)];
      if (known.includes(output!)) continue;
      const problem: Problem = {
        code: 'unknown_output',
        path: site.path,
        message: `the plan ${quote(reference!.written)} of step '${step}' has no output ${quote(output)}`,
        hint: didYouMean(output!, known) ?? `add it to the outputs of that plan; it has ${known.join(', ')}`,
      };
      found.push(inFile(toDiagnostic(problem), path));
    }
  }
  return found;
}
