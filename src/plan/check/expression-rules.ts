import { findAncestors } from '../graph/ancestors.js';
import { sourceExpressionSites, type ExpressionSite } from '../templates/expression-sites.js';
import {
  checkExpression,
  parseExpression,
  type Expression,
  type ExpressionProblem,
  type ExpressionScope,
  type InputShape,
} from '../expressions/index.js';
import type { CheckedGraph } from './graph-rules.js';
import { isMap } from '../problems/paths.js';
import type { Json } from '../model/values.js';
import type { Problem, Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';

/** Comparing a name with those of ten thousand steps costs; a plan with more wrong expressions has another problem. */
const MAX_SUGGESTIONS = 20;
/** Characters that the expressions of a plan may have together, each text counted once: about a second's work. */
const MAX_CHARACTERS = 1_000_000;

/**
 * Parses and checks every expression of a document: conditions, and those of templated strings.
 *
 * @returns what could be parsed, by its text; the same text is parsed once
 */
export function checkExpressions(
  source: Record<string, unknown>,
  graph: CheckedGraph,
  problems: Problems,
): Map<string, Expression> {
  const expressions = new Map<string, Expression>();
  const sites: ParsedSite[] = [];
  let left = MAX_CHARACTERS;
  for (const site of sourceExpressionSites(source)) {
    const known = expressions.get(site.text);
    if (known === undefined) left -= site.text.length;
    if (left < 0) {
      problems.add(tooMuch(site));
      break;
    }
    const parsed = known === undefined ? parseExpression(site.text) : ({ ok: true, value: known } as const);
    if (!parsed.ok) {
      addProblem(site, parsed.error, problems);
      continue;
    }
    expressions.set(site.text, parsed.value);
    sites.push({ site, expression: parsed.value });
  }
  checkSites(sites, source, graph, problems);
  return expressions;
}

function tooMuch({ path }: ExpressionSite): Problem {
  return {
    code: 'expression_too_long',
    path,
    message: `the expressions of the plan have more than ${MAX_CHARACTERS} characters in all`,
    hint: 'let one step compute what many others need, and write it as an output',
  };
}

interface ParsedSite {
  site: ExpressionSite;
  expression: Expression;
}

function checkSites(
  sites: readonly ParsedSite[],
  source: Record<string, unknown>,
  graph: CheckedGraph,
  problems: Problems,
): void {
  const stepIds = new Set(graph.index.keys());
  const declared = isMap(source['inputs']) ? source['inputs'] : {};
  const inputNames = new Set(Object.keys(declared));
  const steps = sourceSteps(source);
  const comesBefore = answerReads(sites, graph);
  let wrong = 0;
  for (const { site, expression } of sites) {
    const { step } = site;
    const frugal = wrong >= MAX_SUGGESTIONS;
    const { prevSteps, inputs } = expression.reads;
    const scope: ExpressionScope = {
      stepIds: frugal
        ? knownOf(
            prevSteps.map((read) => read.step),
            stepIds,
          )
        : stepIds,
      // What a run hands out is worked out once all steps have ended.
      ancestorsOf: (id) => site.layer === 'outputs' || comesBefore(step, graph.index.get(id)!),
      inputNames: frugal ? knownOf(inputs, inputNames) : inputNames,
      inputOf: (name) => shapeOf(declared[name]),
      // The list and the conditions are looked at once, before there is an item.
      foreach:
        site.wanted === 'any' && step !== undefined && (steps[step]!.step?.['foreach'] ?? undefined) !== undefined,
      wanted: site.wanted,
    };
    const found = checkExpression(expression, scope);
    if (found.length > 0) wrong += 1;
    for (const each of found) addProblem(site, each, problems);
  }
}

/** An input without a type is a string. What is no declaration is told elsewhere, and says nothing here. */
function shapeOf(declaration: unknown): InputShape | undefined {
  if (!isMap(declaration)) return undefined;
  const { type = 'string', enum: allowed } = declaration;
  if (typeof type !== 'string') return undefined;
  return { type: type as NonNullable<InputShape['type']>, ...(Array.isArray(allowed) && { enum: allowed as Json[] }) };
}

/** Only what is read and there: enough to tell what is wrong, and nothing to search for what was meant. */
function knownOf(names: readonly string[], all: ReadonlySet<string>): Set<string> {
  return new Set(names.filter((name) => all.has(name)));
}

/** Whether a step is certain to have ended before another one's expressions are worked out. */
function answerReads(
  sites: readonly ParsedSite[],
  graph: CheckedGraph,
): (step: number | undefined, target: number) => boolean {
  // Of a graph that is wrong anyway, a missing ancestor would be another symptom of the same mistake.
  if (!graph.sound) return () => true;
  const isLast = (step: number, target: number) => step >= graph.mainCount && target < graph.mainCount;
  const questions = sites.flatMap(({ site: { step }, expression }) => {
    if (step === undefined) return [];
    return expression.reads.prevSteps.flatMap((read) => {
      const target = graph.index.get(read.step);
      return target === undefined || isLast(step, target) ? [] : [{ step, target }];
    });
  });
  const isAncestor = findAncestors(graph.before, questions);
  // What stands in globals holds for the first step too.
  return (step, target) => step !== undefined && (isLast(step, target) || isAncestor(step, target));
}

function addProblem(
  site: ExpressionSite,
  { code, message, hint, offset }: ExpressionProblem,
  problems: Problems,
): void {
  const place = code === 'expression_syntax' && offset !== undefined ? ` (character ${offset + 1})` : '';
  problems.add({ code, path: site.path, message: `${message}${place}`, hint });
}
