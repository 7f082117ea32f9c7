import { readFileSync } from 'node:fs';
import { createConverter, type ExecManifestOptions } from '../../../src/formats/index.js';
import { buildGraph, type Graph } from '../../../src/plan/graph/graph.js';
import { loadPlanSet } from '../../../src/plan/files/load-set.js';
import { byPlace, openText } from '../../../src/plan/document/open-text.js';
import type { Diagnostic } from '../../../src/plan/model/diagnostic.js';
import type { Plan } from '../../../src/plan/model/plan.js';

/** A step of a converted manifest, as a plan has it. */
export interface PlanStep {
  id: string;
  name: string;
  tags?: string[];
  depends_on?: string[];
  trigger_rule?: string;
  on_failure?: string;
  ui_hints?: { group: string };
  step_def: Record<string, unknown> & { type: string };
}

export interface PlanDocument {
  plan_id: string;
  metadata: Record<string, unknown>;
  globals: Record<string, unknown>;
  steps: PlanStep[];
}

/** Text of a manifest of these stages, each a list of tasks as flow maps. */
export function manifestOf(stages: readonly (readonly string[])[], more = ''): string {
  const lines = stages.flatMap((tasks, stage) => [
    `  - name: stage ${stage + 1}`,
    '    tasks:',
    ...tasks.map((task) => `      - {${task}}`),
  ]);
  return `version: 1\n${more.includes('mode:') ? '' : 'mode: dependency-driven\n'}${more}stages:\n${lines.join('\n')}\n`;
}

/** Converts a manifest; what is wrong with it has its place. */
export function convert(
  text: string,
  options: ExecManifestOptions = {},
  path = 'demo.exec.yaml',
): { document: PlanDocument | undefined; origins: ReadonlyMap<string, string>; diagnostics: Diagnostic[] } {
  const read = openText(text, path);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  const conversion = createConverter({ 'exec-manifest': options })(read.opened.value, path, true);
  if (conversion?.format !== 'exec-manifest') throw new Error('no manifest');
  const diagnostics = conversion.diagnostics
    .map((each) => (each.line === undefined ? read.opened.place(each) : each))
    .sort(byPlace);
  const { plan } = conversion;
  return {
    document: plan?.document as unknown as PlanDocument | undefined,
    origins: plan?.origins ?? new Map(),
    diagnostics,
  };
}

/** Converts a manifest that must be valid. */
export function planOf(text: string, options: ExecManifestOptions = {}, path?: string): PlanDocument {
  const { document, diagnostics } = convert(text, options, path);
  if (document === undefined) throw new Error(JSON.stringify(diagnostics, null, 2));
  return document;
}

/** The steps that are tasks. */
export function tasksOf({ steps }: PlanDocument): PlanStep[] {
  return steps.filter(({ step_def }) => step_def.type === 'agent');
}

/** The graph of a converted manifest. */
export function graphOf({ steps }: PlanDocument): Graph {
  return buildGraph({
    steps: steps.map(({ id, depends_on = [] }) => ({ id, depends_on, consumes: [], provides: [], finally: false })),
  } as unknown as Plan);
}

const none = async () => ({ code: 'file_not_found', message: 'there is no such file' });

/** Reads a manifest as the CLI does. */
export async function load(text: string, options: ExecManifestOptions = {}) {
  const convert = createConverter({ 'exec-manifest': options });
  return loadPlanSet('demo.exec.yaml', { name: 'demo.exec.yaml', text }, none, { convert });
}

/** A real manifest. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/exec-manifest/${name}`, import.meta.url), 'utf8');
}

export const REAL = {
  example: 'exec-manifest.example.yaml',
  intercore: '2026-07-14-intercore-schema-38-policy-gate.exec.yaml',
  remontoire: '2026-07-14-remontoire-exception-driven.exec.yaml',
  tldrs: '2026-07-23-tldrs-context-gateway-enforcement.exec.yaml',
} as const;
