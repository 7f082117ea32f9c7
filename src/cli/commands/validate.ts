import { statSync } from 'node:fs';
import path from 'node:path';
import { readNotes } from '../../formats/exec-manifest/index.js';
import type { Diagnostic } from '../../plan/model/diagnostic.js';
import { EXIT, type CliContext } from '../context.js';
import { checkPlanFile, type LoadFlags, type PlanFile, type PlanFileResult } from '../load-plan.js';
import { UsageError } from '../errors.js';
import { plansUnder } from '../plan-folder.js';
import { diagnosticAnnotations } from '../render/github.js';
import { nameOf } from '../stdin.js';
import { inGithubJob } from '../tell-github.js';
import { counted, oneLine } from '../render/format.js';
import { showDiagnostics } from '../show-diagnostics.js';

/** `orch validate PLAN|FOLDER…`: exits 2 when any of them is invalid. */
export async function validate(
  context: CliContext,
  named: readonly string[],
  flags: LoadFlags & { json?: boolean; github?: boolean },
): Promise<number> {
  let invalid = 0;
  const all: Diagnostic[] = [];
  const files = await plansIn(context, named);
  for (const file of files) {
    const result = await checkPlanFile(context, file, { ...flags, checkOnly: true });
    if (!result.ok) invalid += 1;
    all.push(...diagnosticsOf(result));
    if (!flags.json) await show(context, file, result);
  }
  if (flags.github === true || inGithubJob(context)) {
    for (const line of diagnosticAnnotations(all)) context.note(`${line}\n`);
  }
  if (flags.json) context.out(`${JSON.stringify({ valid: invalid === 0, diagnostics: all }, null, 2)}\n`);
  else if (files.length > named.length) context.out(`${counted(files.length, 'plan')}, ${invalid} invalid\n`);
  return invalid === 0 ? EXIT.succeeded : EXIT.usage;
}

/** A folder stands for the plans in it. */
async function plansIn(context: CliContext, named: readonly string[]): Promise<string[]> {
  const files = await Promise.all(
    named.map(async (name) => {
      const isFolder = statSync(path.resolve(context.cwd, name), { throwIfNoEntry: false })?.isDirectory() === true;
      if (!isFolder) return [name];
      const plans = await plansUnder(name, context.cwd);
      if (plans.length > 0) return plans;
      throw new UsageError(
        `there is no plan in ${name}`,
        'a plan is a JSON or YAML file with a plan_id; hidden folders, links, node_modules and build folders are left out',
      );
    }),
  );
  return [...new Set(files.flat())];
}

function diagnosticsOf(result: PlanFileResult): readonly Diagnostic[] {
  return result.ok ? result.value.diagnostics : result.diagnostics;
}

async function show(context: CliContext, file: string, result: PlanFileResult): Promise<void> {
  const diagnostics = diagnosticsOf(result);
  if (diagnostics.length > 0) await showDiagnostics(context, diagnostics, result.texts);
  if (result.ok)
    context.out(`${oneLine(`${nameOf(file)}: valid (${about(result.value)})`)}\n${manifestLine(result.value)}`);
  else if (result.format === 'exec-manifest') context.out(`Manifest INVALID: ${countErrors(diagnostics)} error(s)\n`);
}

function about({ plan, subPlans }: PlanFile): string {
  const notes = readNotes(plan);
  const own = notes === undefined ? counted(plan.steps.length, 'step') : counted(countTasks(notes), 'task');
  return [plan.plan_id, own, ...(subPlans.size === 0 ? [] : [counted(subPlans.size, 'sub-plan')])].join(', ');
}

/** The words that scripts round the format have always looked for. */
function manifestLine({ plan }: PlanFile): string {
  const notes = readNotes(plan);
  return notes === undefined ? '' : `Manifest valid: ${countTasks(notes)} tasks, 0 cycles, mode: ${notes.mode}\n`;
}

function countTasks({ stages }: NonNullable<ReturnType<typeof readNotes>>): number {
  return stages.reduce((sum, { tasks }) => sum + tasks.length, 0);
}

/** Those that were not told, too. */
function countErrors(diagnostics: readonly Diagnostic[]): number {
  const more = diagnostics.find(({ code }) => code === 'too_many_diagnostics');
  const told = diagnostics.filter((each) => each.severity === 'error' && each !== more).length;
  return told + Number(/\d+/.exec(more?.message ?? '')?.[0] ?? 0);
}
